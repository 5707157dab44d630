import type { Outcome } from '@session-cluster/contract'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { type Language, type Translate, translator } from '../web/src/i18n/translate.ts'
import type { Drawer } from '../web/src/model/link.ts'
import type { LaneId } from '../wire/record.ts'

/** Starts a real Chromium: the one that CHROMIUM names, else Debian's. It calls nobody by itself. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** The console's page in a browser, read the way a person reads it. */
export interface OpenPage {
  readonly page: Page
  readonly t: Translate
  /** Everything that the browser complained about. */
  readonly complaints: readonly string[]
  /** The mark at a user's feet. */
  mark(user: string, lane: LaneId): Promise<Outcome | 'nothing'>
  marks(lane: LaneId): Promise<Readonly<Record<string, string>>>
  /** A figure of a lane in the drawer of servers. */
  figure(lane: LaneId, name: 'found' | 'miss' | 'lost' | 'error'): Promise<number>
  /** Opens a drawer, unless it is. */
  drawer(name: Drawer): Promise<void>
  /** Presses one of the chosen user's buttons and waits for its answer. */
  deed(name: string): Promise<void>
  choose(user: string): Promise<void>
  /** One cell of the server table; shows that lane's table first. */
  cell(lane: LaneId, node: string, column: string): Promise<string>
  /** How a server stands in the picture. */
  stateOf(lane: LaneId, node: string): Promise<string | null>
  /** Goes to a place by its address. */
  goTo(hash: string): Promise<void>
  close(): Promise<void>
}

export interface PageOptions {
  readonly lang?: Language
  readonly hash?: string
  readonly context?: BrowserContextOptions
}

/** Opens the page and waits until its lanes are drawn. */
export async function openPage(browser: Browser, url: string, options: PageOptions = {}): Promise<OpenPage> {
  const { lang = 'en', hash = '', context = {} } = options
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, ...context })).newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    // Chromium only remarks on a focus that it did not give.
    if (message.type() === 'error' || /autofocus/i.test(message.text())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin && !request.url().startsWith('data:'))
      complaints.push(`asked ${request.url()}`)
  })
  await page.goto(`${url}#lang=${lang}${hash}`)
  await page.locator('.lane [data-person]').first().waitFor({ timeout: 60_000 })
  return reader(page, translator(lang), complaints)
}

function reader(page: Page, t: Translate, complaints: readonly string[]): OpenPage {
  const drawer = async (name: Drawer) => {
    if ((await page.locator(`.drawer[data-open=${name}]`).count()) > 0) return
    await page.locator(`.rail [data-drawer=${name}]`).click()
    await page.locator(`.drawer[data-open=${name}]`).waitFor()
  }
  return {
    page,
    t,
    complaints,
    drawer,
    mark: async (user, lane) =>
      (await page.locator(`.lane[data-lane=${lane}] [data-person="${user}"]`).getAttribute('data-outcome')) as
        | Outcome
        | 'nothing',
    marks: (lane) =>
      page
        .locator(`.lane[data-lane=${lane}] [data-person]`)
        .evaluateAll((people) =>
          Object.fromEntries(
            people.map((one) => [one.getAttribute('data-person') ?? '', one.getAttribute('data-outcome') ?? '']),
          ),
        ),
    async figure(lane, name) {
      await drawer('servers')
      return Number(await page.locator(`[data-figures=${lane}] [data-figure=${name}]`).getAttribute('data-count'))
    },
    async deed(name) {
      await drawer('what-if')
      // `direct` is two calls; its second one carries the node b.
      const answered = page.waitForResponse(
        (response) =>
          response.url().endsWith('/api/act') &&
          (name !== 'direct' || (response.request().postData() ?? '').includes('"b"')),
        { timeout: 60_000 },
      )
      await page.locator(`[data-deed=${name}]`).click()
      await answered
    },
    async choose(user) {
      if ((await page.locator(`.who [data-user="${user}"]`).count()) === 0) await drawer('why')
      await page.locator(`.who [data-user="${user}"]`).click()
    },
    async cell(lane, node, column) {
      await drawer('servers')
      const button = page.locator('.nodes').getByRole('button', { name: t(`mode.${lane}`), exact: true })
      if ((await button.count()) > 0) await button.click()
      return (await page.locator(`.node-table [data-node="${node}"] [data-column=${column}]`).textContent()) ?? ''
    },
    async stateOf(lane, node) {
      const server = page.locator(`.lane[data-lane=${lane}] [data-server="${node}"]`)
      return (await server.count()) === 0 ? null : server.getAttribute('data-stand')
    },
    goTo: (hash) =>
      page.evaluate((to) => {
        location.hash = to
      }, `#lang=${t.lang}${hash}`),
    close: () => page.context().close(),
  }
}
