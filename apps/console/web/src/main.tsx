import { render } from 'preact'
import { Page } from './model/page.ts'
import { openStream } from './model/stream.ts'
import { App } from './shell/app.tsx'
import './style.css'

const root = document.getElementById('app')
if (root) render(<App page={new Page(openStream())} />, root)
