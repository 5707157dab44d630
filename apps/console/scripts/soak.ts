// The console under 200 requests a second for a minute (or SECONDS): fails when the page stutters or anything grows.
// node --expose-gc apps/console/scripts/soak.ts
import { ensurePages } from '../server/ensure-pages.ts'
import { openBrowser } from '../test/browser.ts'
import { describeLoad, measureLoad } from '../test/load.ts'
import { openConsole } from '../test/open-console.ts'

const seconds = Number(process.env.SECONDS) || 60
const mostLongTasks = 10
const longestTaskMs = 200
/** A heap counts as flat when it ends at most this much above where it stood after the warm-up. */
const growth = 1.15
const slack = 3 * 1024 * 1024

await ensurePages()
await using console = await openConsole()
const browser = await openBrowser()
try {
  const report = await measureLoad(console, browser, { seconds, warmUpSeconds: 15 })
  const flat = ([before, after]: readonly [number, number]) => after <= before * growth + slack
  const faults = [
    report.longTasks.length > mostLongTasks && `more than ${mostLongTasks} long tasks`,
    report.longTasks.some((ms) => ms > longestTaskMs) && `a task longer than ${longestTaskMs} ms`,
    !flat(report.pageHeap) && 'the page’s heap grew',
    globalThis.gc && !flat(report.serverHeap) && 'the server’s heap grew',
    !report.exact && 'the page shows other counts than the server has',
    report.complaints.length > 0 && `the browser complained: ${report.complaints[0]}`,
  ].filter((fault) => typeof fault === 'string')
  for (const line of describeLoad(report)) globalThis.console.log(line)
  for (const fault of faults) globalThis.console.error(`✗ ${fault}`)
  process.exitCode = faults.length === 0 ? 0 : 1
} finally {
  await browser.close()
}
