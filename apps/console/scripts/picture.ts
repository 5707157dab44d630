// Makes docs/console.png: the console in a real run, after server b was killed. Needs Chromium.
// node apps/console/scripts/picture.ts
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ensurePages } from '../server/ensure-pages.ts'
import { openBrowser, openPage } from '../test/browser.ts'
import { openConsole } from '../test/open-console.ts'

const target = fileURLToPath(new URL('../../../docs/console.png', import.meta.url))
const most = 1024 * 1024
/** What a README shows it in, so that its words are as large as the README's own. */
const viewport = { width: 1012, height: 600 }

await ensurePages()
const browser = await openBrowser()
await using console = await openConsole()
try {
  const { page } = await openPage(browser, console.url, {
    lang: 'en',
    hash: '&theme=light&user=Erin&present=1',
    context: { viewport, deviceScaleFactor: 2 },
  })
  console.stage.traffic.setClock({ running: true, rate: 6 })
  await page.waitForTimeout(4000)
  await page.locator('.dock .primary').click()
  await page.locator('dialog .primary').click()
  await page.mouse.move(2, 2)
  // Long enough for everybody of b's to have come back, and found their session or not.
  await page.waitForTimeout(5000)
  console.stage.traffic.setClock({ running: false })
  await page.waitForTimeout(1000)
  await page.screenshot({ path: target })
  const bytes = statSync(target).size
  globalThis.console.log(`${(bytes / 1024).toFixed(0)} KB: ${target}`)
  if (bytes > most) throw new Error(`the picture has ${bytes} bytes; at most ${most} are wanted`)
} finally {
  await browser.close()
}
