import type { Outcome } from '@session-cluster/contract'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { type Language, type Translate, translator } from '../web/src/i18n/translate.ts'
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
  /** The mark beside a user's name. */
  mark(user: string, lane: LaneId): Promise<Outcome | 'nothing'>
  marks(lane: LaneId): Promise<Readonly<Record<string, string>>>
  /** A figure at a lane's head. */
  figure(lane: LaneId, name: 'found' | 'miss' | 'lost' | 'error'): Promise<number>
  /** Presses one of the chosen user's buttons and waits for its answer. */
  deed(name: string): Promise<void>
  choose(user: string): Promise<void>
  /** Has the inspectors show that lane's side of the chosen user. */
  inspect(lane: LaneId): Promise<void>
  /** One cell of the server table; shows that lane's table first. */
  cell(lane: LaneId, node: string, column: string): Promise<string>
  stateOf(lane: LaneId, node: string): Promise<string | null>
}

export interface PageOptions {
  readonly lang?: Language
  readonly hash?: string
  readonly context?: BrowserContextOptions
}

/** Opens the page and waits until its lanes are drawn. */
export async function openPage(browser: Browser, url: string, options: PageOptions = {}): Promise<OpenPage> {
  const { lang = 'en', hash = '', context = {} } = options
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 1000 }, ...context })).newPage()
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
  await page.locator('.kpi').first().waitFor({ timeout: 60_000 })
  return reader(page, translator(lang), complaints)
}

function reader(page: Page, t: Translate, complaints: readonly string[]): OpenPage {
  const showTable = async (lane: LaneId) => {
    const button = page.locator('.nodes').getByRole('button', { name: t(`mode.${lane}`), exact: true })
    if ((await button.count()) > 0) await button.click()
  }
  return {
    page,
    t,
    complaints,
    mark: async (user, lane) =>
      (await page.locator(`[data-user="${user}"] .mark[data-lane=${lane}]`).getAttribute('data-outcome')) as
        | Outcome
        | 'nothing',
    marks: (lane) =>
      page
        .locator('[data-user]')
        .evaluateAll(
          (rows, id) =>
            Object.fromEntries(
              rows.map((row) => [
                row.getAttribute('data-user') ?? '',
                row.querySelector(`.mark[data-lane=${id}]`)?.getAttribute('data-outcome') ?? '',
              ]),
            ),
          lane,
        ),
    figure: async (lane, name) =>
      Number(await page.locator(`[data-lane=${lane}] [data-figure=${name}]`).getAttribute('data-count')),
    async deed(name) {
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
    choose: (user) => page.locator(`[data-user="${user}"]`).click(),
    inspect: (lane) =>
      page
        .locator('.inspector')
        .getByRole('button', { name: t(`mode.${lane}`), exact: true })
        .click(),
    async cell(lane, node, column) {
      await showTable(lane)
      return (await page.locator(`.node-table [data-node="${node}"] [data-column=${column}]`).textContent()) ?? ''
    },
    async stateOf(lane, node) {
      await showTable(lane)
      const row = page.locator(`.node-table [data-node="${node}"]`)
      return (await row.count()) === 0 ? null : row.getAttribute('data-state')
    },
  }
}
