import { render } from 'preact'
import { App } from './app.tsx'
import './style.css'
import { openStream } from './stream.ts'

const root = document.getElementById('app')
if (root) render(<App stream={openStream()} />, root)
