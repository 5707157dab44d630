import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { PageContext, usePage } from './page.ts'

/** A part of the page that is drawn in its own turn when something happened, and at once when the visitor did something. */
export function Part({ children }: { children: ComponentChildren }) {
  const page = usePage()
  const { stream } = page
  const [, draw] = useState(0)
  useEffect(() => stream.turns.join(() => draw((n) => n + 1)), [stream])
  return <PageContext.Provider value={{ ...page, state: stream.state.get() }}>{children}</PageContext.Provider>
}
