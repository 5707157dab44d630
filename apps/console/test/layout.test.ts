import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Console } from '../server/console.ts'
import { languages } from '../web/src/i18n/translate.ts'
import { themes } from '../web/src/link.ts'
import { misplaced } from './boxes.ts'
import { openBrowser, openPage } from './browser.ts'
import { openConsole } from './open-console.ts'

const patient = { timeout: 60_000, interval: 200 }
const widths = [360, 1024, 1440, 1920] as const
/** Set to keep what was looked at. */
const keep = process.env.SCREENSHOTS
let console: Console
let browser: Browser

beforeAll(async () => {
  console = await openConsole()
  browser = await openBrowser()
  const { stage } = console
  // The page at its fullest: a dead node, four of them, losses, misses, an error, long names.
  await Promise.all([...stage.lanes.values()].map((lane) => lane.actOnLane('add', {})))
  await Promise.all([...stage.lanes.values()].map((lane) => lane.actOnNode('b', 'crash', {})))
  for (let turn = 0; turn < 3; turn++)
    for (const name of stage.traffic.names) await stage.traffic.everywhere(name, 'open')
  await vi.waitUntil(
    () => stage.laneViews().every(({ nodes }) => nodes.find(({ name }) => name === 'b')?.state === 'down'),
    patient,
  )
})
afterAll(async () => {
  await browser?.close()
  await console?.[Symbol.asyncDispose]()
})

const places = {
  page: '&user=Bob&lane=sticky',
  tour: '&tour=5.1&tab=cookie&user=Alice',
  redis: '&lane=clustered&tab=redis&user=Alice',
  session: '&lane=sticky&tab=session&user=Alice',
  present: '&present=1&tour=6.1',
} as const

describe.each(widths)('at %i', (width) => {
  describe.each(languages)('in %s', (lang) => {
    it.each(themes)('%s: nothing overflows, nothing overlaps, in any view or dialog', async (theme) => {
      for (const [name, hash] of Object.entries(places)) {
        const view = await openPage(browser, console.url, {
          lang,
          hash: `&theme=${theme}${hash}`,
          context: { viewport: { width, height: 900 } },
        })
        const { page } = view
        await page.waitForLoadState('networkidle').catch(() => undefined)
        await page.locator('.lane .diagram').first().waitFor()
        expect(await misplaced(page), name).toEqual([])
        if (keep) {
          mkdirSync(keep, { recursive: true })
          await page.screenshot({ path: join(keep, `${name}-${width}-${lang}-${theme}.png`), fullPage: true })
        }
        if (name === 'page') {
          for (const key of ['?', 'a']) {
            await page.keyboard.press(key)
            await page.locator('dialog').waitFor()
            expect(await misplaced(page), `${name} ${key}`).toEqual([])
            if (keep)
              await page.screenshot({
                path: join(keep, `dialog-${key === '?' ? 'keys' : 'add'}-${width}-${lang}-${theme}.png`),
              })
            await page.keyboard.press('Escape')
            await expect.poll(() => page.locator('dialog').count(), patient).toBe(0)
          }
        }
        await page.context().close()
      }
    })
  })
})

it('would notice: a text that is pushed out of its box, and a panel on another', async () => {
  const view = await openPage(browser, console.url)
  await view.page.addStyleTag({
    content: '.lesson{white-space:nowrap;width:40px}.inspector{margin-left:-200px}.diagram .name{font-size:60px}',
  })
  const faults = await misplaced(view.page)
  expect(faults.some((fault) => fault.includes('.lesson'))).toBe(true)
  expect(faults.some((fault) => fault.includes('.panel inspector'))).toBe(true)
  expect(faults.some((fault) => fault.includes('in a drawing'))).toBe(true)
  await view.page.context().close()
})
