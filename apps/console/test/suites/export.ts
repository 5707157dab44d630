import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Console } from '../../server/console.ts'
import { type Language, languages } from '../../web/src/i18n/translate.ts'
import { type OpenPage, openPage } from '../browser.ts'
import type { Shared } from '../shared.ts'

/** A run as one file. */
export function exportSuite(shared: () => Shared): void {
  describe('the export', () => {
    let console: Console
    let browser: Browser
    const folder = mkdtempSync(join(tmpdir(), 'session-cluster-export-'))
    beforeAll(async () => {
      ;({ console, browser } = shared())
      await console.stage.reset()
      const { traffic } = console.stage
      for (let turn = 0; turn < 2; turn++)
        for (const name of traffic.names.toReversed()) await traffic.everywhere(name, 'open')
      await console.stage.lane('local').actOnNode('b', 'crash', {})
      for (const name of traffic.names) await traffic.everywhere(name, 'open')
    })
    afterAll(() => rmSync(folder, { recursive: true, force: true }))

    const save = async (view: OpenPage) => {
      const waiting = view.page.waitForEvent('download')
      await view.drawer('what-if')
      await view.page.locator('[data-export]').click()
      const download = await waiting
      const file = join(folder, download.suggestedFilename())
      await download.saveAs(file)
      return file
    }

    describe.each<Language>([...languages])('the export in %s', (lang) => {
      it('is one file that opens without a network or scripts, and says what the page says', async () => {
        const view = await openPage(browser, console.url, { lang })
        const file = await save(view)
        const context = await browser.newContext({ offline: true, javaScriptEnabled: false })
        const page = await context.newPage()
        await page.goto(pathToFileURL(file).href)
        for (const outcome of ['found', 'miss', 'lost', 'error'] as const) {
          expect(await page.locator(`[data-lane=local] .figures td.${outcome}`).textContent()).toContain(
            ` ${await view.figure('local', outcome)}`,
          )
        }
        expect(await page.locator('html').getAttribute('lang')).toBe(lang)
        expect(await page.locator('.log tbody tr').count()).toBeGreaterThan(25)
        expect(await page.locator('.log').textContent()).toContain(view.t('why.gone.home', { node: 'b' }))
        await context.close()
        await view.page.context().close()
      })
    })

    it('fits a telephone, where it never scrolls sideways and no word is broken, and paper, whatever the screen’s theme', async () => {
      const view = await openPage(browser, console.url, { lang: 'ko' })
      const context = await browser.newContext({ viewport: { width: 360, height: 800 } })
      const page = await context.newPage()
      await page.goto(pathToFileURL(await save(view)).href)
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
      expect(await page.evaluate(() => getComputedStyle(document.body).wordBreak)).toBe('keep-all')
      // On paper it is never the dark one's inks.
      const ink = () => page.evaluate(() => getComputedStyle(document.querySelector('td.miss') as Element).color)
      const light = await ink()
      await page.emulateMedia({ colorScheme: 'dark' })
      expect(await ink()).not.toBe(light)
      await page.emulateMedia({ colorScheme: 'dark', media: 'print' })
      expect(await ink()).toBe(light)
      await context.close()
      await view.page.context().close()
    })

    it('holds no id and asks for nothing from outside', async () => {
      const view = await openPage(browser, console.url)
      const text = readFileSync(await save(view), 'utf8')
      for (const [, { jar }] of console.stage.traffic.states('local'))
        for (const { value } of jar.all) expect(text.includes(value)).toBe(false)
      expect(text).not.toMatch(/(?:src|href)=|<script|@import|url\(/)
      await view.page.context().close()
    })
  })
}
