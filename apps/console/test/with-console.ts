import type { Browser } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import type { Console } from '../server/console.ts'
import { type OpenPage, openBrowser, openPage, type PageOptions } from './browser.ts'
import { openConsole } from './open-console.ts'

/** What the tests of a file share. */
export interface Opened {
  readonly console: Console
  readonly browser: Browser
  readonly view: OpenPage
}

export interface WithConsoleOptions extends PageOptions {
  /** How the console is opened. @default three lanes of its own */
  readonly open?: () => Promise<Console>
}

/** Opens a console and a page of it in a browser before the tests of this file or `describe`, and closes all three after them. */
export function withConsole(opened: (all: Opened) => void, options: WithConsoleOptions = {}): void {
  const stack = new AsyncDisposableStack()
  beforeAll(async () => {
    const console = stack.use(await (options.open ?? openConsole)())
    const browser = stack.adopt(await openBrowser(), (one) => one.close())
    opened({ console, browser, view: await openPage(browser, console.url, options) })
  })
  afterAll(() => stack.disposeAsync())
}
