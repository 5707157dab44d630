import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Console } from '../server/console.ts'
import { languages } from '../web/src/i18n/translate.ts'
import { themes } from '../web/src/link.ts'
import { misplaced } from './boxes.ts'
import { type OpenPage, openPage } from './browser.ts'
import { withConsole } from './with-console.ts'

const patient = { timeout: 60_000, interval: 200 }
const widths = [360, 1024, 1440, 1920] as const
/** Set to keep what was looked at. */
const keep = process.env.SCREENSHOTS
let console: Console
let browser: Browser

withConsole((opened) => {
  ;({ console, browser } = opened)
})
beforeAll(async () => {
  const { stage } = console
  // The page at its fullest: a dead node, one that drains, four of them, losses, misses, an error, long names.
  await Promise.all([...stage.lanes.values()].map((lane) => lane.actOnLane('add', {})))
  await Promise.all([...stage.lanes.values()].map((lane) => lane.actOnNode('b', 'crash', {})))
  await Promise.all([...stage.lanes.values()].map((lane) => lane.actOnNode('a', 'drain', {})))
  for (let turn = 0; turn < 3; turn++)
    for (const name of stage.traffic.names) await stage.traffic.everywhere(name, 'open')
  const stands = (node: string, state: string) =>
    stage.laneViews().every(({ nodes }) => nodes.find(({ name }) => name === node)?.state === state)
  await vi.waitUntil(() => stands('b', 'down') && stands('a', 'draining'), patient)
})

/** Each view, and what shows that it is there. */
const places = {
  page: ['&user=Bob&lane=sticky&tab=why', '.why'],
  tour: ['&tour=5.1', '.tour'],
  cookie: ['&lane=sticky&tab=cookie&user=Alice', '[data-cookie]'],
  redis: ['&lane=clustered&tab=redis&user=Alice', '.fields'],
  session: ['&lane=sticky&tab=session&user=Alice', '[data-knows]'],
  present: ['&present=1&tour=6.1', '.presenting .tour'],
} as const

/** Each dialog, and how it is opened. */
const dialogs = {
  keys: (page: Page) => page.keyboard.press('?'),
  add: (page: Page) => page.keyboard.press('a'),
  crash: (page: Page) => page.locator('.node-table [data-node=c] .do button').first().click(),
  codec: (page: Page) => page.locator('[data-ask=codec]').click(),
  node: (page: Page) => page.locator('.node-table [data-node=a] .do button').last().click(),
} as const

/** The button that shows all columns of the table of servers. */
const columns = (page: Page) => page.locator('.nodes .head > button')

describe.each(widths)('at %i', (width) => {
  let view: OpenPage
  beforeAll(async () => {
    view = await openPage(browser, console.url, { context: { viewport: { width, height: 900 } } })
  })
  afterAll(() => view.page.context().close())

  const show = async (hash: string, lang: string, theme: string, sign: string) => {
    await view.page.evaluate((to) => {
      location.hash = to
    }, `#lang=${lang}&theme=${theme}${hash}`)
    await view.page.waitForFunction(
      (want) => document.documentElement.lang === want.lang && document.documentElement.dataset.theme === want.theme,
      { lang, theme },
    )
    await view.page.locator(sign).first().waitFor()
  }
  const picture = async (name: string, fullPage: boolean) => {
    if (!keep) return
    mkdirSync(keep, { recursive: true })
    await view.page.screenshot({ path: join(keep, `${name}.png`), fullPage })
  }

  describe.each(languages)('in %s', (lang) => {
    it.each(themes)('%s: nothing overflows, nothing overlaps, in any view or dialog', async (theme) => {
      for (const [name, [hash, sign]] of Object.entries(places)) {
        await show(hash, lang, theme, sign)
        expect(await misplaced(view.page), name).toEqual([])
        await picture(`${name}-${width}-${lang}-${theme}`, true)
      }
      await show(places.page[0], lang, theme, places.page[1])
      for (const [name, open] of Object.entries(dialogs)) {
        await open(view.page)
        await view.page.locator('dialog').waitFor()
        expect(await misplaced(view.page), `dialog ${name}`).toEqual([])
        await picture(`dialog-${name}-${width}-${lang}-${theme}`, false)
        await view.page.keyboard.press('Escape')
        await expect.poll(() => view.page.locator('dialog').count(), patient).toBe(0)
      }
      await columns(view.page).click()
      expect(await misplaced(view.page), 'all columns').toEqual([])
      await picture(`columns-${width}-${lang}-${theme}`, true)
      await columns(view.page).click()
    })
  })
})

it.each(languages)('shows the answers of a guess on one line at 1024 (%s)', async (lang) => {
  const { page } = await openPage(browser, console.url, { lang, context: { viewport: { width: 1024, height: 900 } } })
  for (const step of ['2.2', '5.1', '6.3', '7.2']) {
    await page.evaluate((to) => {
      location.hash = to
    }, `#lang=${lang}&tour=${step}`)
    await page.locator(`.tour[data-step="${step}"] .guess label`).nth(2).waitFor()
    const tops = await page
      .locator('.guess label')
      .evaluateAll((labels) => labels.map((label) => Math.round(label.getBoundingClientRect().top)))
    expect(new Set(tops).size, step).toBe(1)
  }
  await page.context().close()
})

it('never breaks the masked key in the command that shows it', async () => {
  const { page } = await openPage(browser, console.url, {
    hash: '&lane=clustered&tab=redis&user=Alice',
    context: { viewport: { width: 1920, height: 1080 } },
  })
  const key = page.locator('code.block .whole')
  await key.waitFor()
  const { height, line } = await key.evaluate((element) => ({
    height: element.getBoundingClientRect().height,
    line:
      Number.parseFloat(getComputedStyle(element).lineHeight) ||
      1.5 * Number.parseFloat(getComputedStyle(element).fontSize),
  }))
  expect(height).toBeLessThan(1.6 * line)
  await page.context().close()
})

it('keeps the name of a server in sight while its figures scroll by on a phone', async () => {
  const { page } = await openPage(browser, console.url, { context: { viewport: { width: 360, height: 900 } } })
  const at = (selector: string) => page.locator(selector).first().boundingBox()
  const panel = await at('.nodes .scroll')
  const lastBefore = await at('.node-table tbody td:last-child')
  expect(lastBefore?.x).toBeGreaterThan(360)
  await page.locator('.nodes .scroll').evaluate((element) => element.scrollTo({ left: element.scrollWidth }))
  const last = await at('.node-table tbody td:last-child')
  expect((last?.x ?? 0) + (last?.width ?? 0)).toBeLessThanOrEqual(360)
  expect((await at('.node-table tbody th'))?.x).toBeCloseTo(panel?.x ?? 0, 0)
  expect((await at('.node-table tfoot .stays'))?.x).toBeGreaterThan(panel?.x ?? 0)
  await page.context().close()
})

it('would notice: a text that is pushed out of its box, a word that is broken, a table wider than its panel, and a panel on another', async () => {
  const view = await openPage(browser, console.url)
  await view.page.addStyleTag({
    content:
      '.users .head h2{width:20px;overflow-wrap:anywhere}.lesson{white-space:nowrap;width:40px}.inspector{margin-left:-200px}.diagram .name{font-size:60px}.node-table.few .do{white-space:nowrap;padding-left:200px}',
  })
  const faults = await misplaced(view.page)
  expect(faults.some((fault) => fault.includes('.lesson'))).toBe(true)
  expect(faults.some((fault) => fault.includes('.panel inspector'))).toBe(true)
  expect(faults.some((fault) => fault.includes('in a drawing'))).toBe(true)
  expect(faults.some((fault) => fault.includes('table.node-table few'))).toBe(true)
  expect(faults.some((fault) => fault.includes('is broken in h2'))).toBe(true)
  await view.page.context().close()
})
