// Makes docs/console.webp: the console in a real run, while server b is killed. Needs Chromium, and img2webp (Debian's package webp).
// node apps/console/scripts/picture.ts
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensurePages } from '../server/ensure-pages.ts'
import { openBrowser, openPage } from '../test/browser.ts'
import { openConsole } from '../test/open-console.ts'

const target = fileURLToPath(new URL('../../../docs/console.webp', import.meta.url))
const most = 2 * 1024 * 1024
const size = { width: 1440, height: 780 }
/** Frames closer than this are left out, ms. */
const pitchMs = 110

await ensurePages()
const folder = mkdtempSync(join(tmpdir(), 'session-cluster-picture-'))
const browser = await openBrowser()
await using console = await openConsole()
try {
  const { page } = await openPage(browser, console.url, {
    lang: 'en',
    hash: '&theme=light&user=Erin&lane=sticky',
    context: { viewport: size },
  })
  const frames: { file: string; at: number }[] = []
  const devtools = await page.context().newCDPSession(page)
  devtools.on('Page.screencastFrame', ({ data, metadata, sessionId }) => {
    const at = (metadata.timestamp ?? 0) * 1000
    if (at - (frames.at(-1)?.at ?? 0) >= pitchMs) {
      const file = join(folder, `${String(frames.length).padStart(4, '0')}.png`)
      writeFileSync(file, Buffer.from(data, 'base64'))
      frames.push({ file, at })
    }
    // The last frames may come when the page is already gone: nobody waits for their receipt any more.
    devtools.send('Page.screencastFrameAck', { sessionId }).catch(() => undefined)
  })
  console.stage.traffic.setClock({ running: true, rate: 10 })
  await page.waitForTimeout(4000)
  await devtools.send('Page.startScreencast', { format: 'png' })
  await page.waitForTimeout(2500)
  await page.locator('[data-ask=crash]').click()
  await page.waitForTimeout(2200)
  await page.locator('dialog .primary').click()
  await page.mouse.move(2, 2)
  await page.waitForTimeout(7000)
  await devtools.send('Page.stopScreencast')
  console.stage.traffic.setClock({ running: false })
  const args = frames.flatMap(({ file, at }, index) => {
    const next = frames[index + 1]?.at ?? at + 1500
    return ['-d', String(Math.round(Math.min(1500, next - at))), '-lossy', '-q', '45', '-m', '4', file]
  })
  execFileSync('img2webp', ['-loop', '0', '-kmax', '60', ...args, '-o', target], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const bytes = statSync(target).size
  globalThis.console.log(`${frames.length} frames, ${(bytes / 1024).toFixed(0)} KB: ${target}`)
  if (bytes > most) throw new Error(`the picture has ${bytes} bytes; at most ${most} are wanted`)
} finally {
  await browser.close()
  rmSync(folder, { recursive: true, force: true })
}
