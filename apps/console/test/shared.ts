import type { Browser } from 'playwright-core'
import type { Console } from '../server/console.ts'
import { openPage } from './browser.ts'
import type { AccessLog } from './figures.ts'

/** One request as a balancer's own access log has it: told by nobody of the console. */
export interface AccessLine {
  readonly path: string
  readonly status: number
  readonly upstream?: string
  readonly time: number
}

/** What the suites of one console share. Each begins with a reset, so that none depends on another. */
export interface Shared {
  readonly console: Console
  readonly browser: Browser
  /** The balancers' access logs since the console was opened, by lane. */
  readonly access: Readonly<Record<string, AccessLine[]>>
}

/** What a suite begins with: the console as it was when it started, and a page of its own. */
export async function afresh({ console, browser }: Shared, hash?: string) {
  await console.stage.reset()
  return { console, browser, view: await openPage(browser, console.url, hash === undefined ? {} : { hash }) }
}

/** Which node each request went to. */
export const upstreamsIn = (access: Shared['access']): AccessLog =>
  Object.fromEntries(
    Object.entries(access).map(([lane, lines]) => [
      lane,
      lines.flatMap(({ upstream, time }) => (upstream === undefined ? [] : [{ upstream, at: time }])),
    ]),
  )
