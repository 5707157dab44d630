// The console under 200 requests a second for a minute (or SECONDS): JSON on stdout, the same for people on stderr. `npm run soak -- console`
// keeps what it says; exit code 2 when the page stutters or anything grows.
import { ensurePages } from '../server/ensure-pages.ts'
import { openBrowser } from '../test/browser.ts'
import { describeLoad, isFlat, type LoadReport, measureLoad } from '../test/load.ts'
import { openConsole } from '../test/open-console.ts'

/** A bound, what was found, and whether it holds. */
interface Figure {
  readonly name: string
  readonly found: string
  readonly bound: string
  readonly met: boolean
}

const seconds = Number(process.env.SECONDS) || 60

function judge(report: LoadReport): Figure[] {
  const { requests, longTasks, pageHeap, serverHeap, counted, drawn, leftOut, exact, complaints } = report
  const longest = Math.round(Math.max(0, ...longTasks))
  const mb = (pair: readonly number[]) => pair.map((bytes) => (bytes / 1024 / 1024).toFixed(1)).join(' → ')
  const rate = requests / report.seconds
  return [
    { name: 'requests a second, three lanes', found: rate.toFixed(1), bound: '≥ 200', met: rate >= 200 },
    { name: 'long tasks of the page', found: String(longTasks.length), bound: '≤ 10', met: longTasks.length <= 10 },
    { name: 'the longest of them, ms', found: String(longest), bound: '≤ 200', met: longest <= 200 },
    { name: 'the page’s heap, MB', found: mb(pageHeap), bound: 'flat', met: isFlat(pageHeap) },
    { name: 'the server’s heap, MB', found: mb(serverHeap), bound: 'flat', met: isFlat(serverHeap) },
    {
      name: 'requests drawn + said to be left out',
      found: `${drawn} + ${leftOut}`,
      bound: `= ${counted} counted`,
      met: exact && drawn + leftOut === counted,
    },
    { name: 'complaints of the browser', found: String(complaints.length), bound: '0', met: complaints.length === 0 },
    { name: 'CPU of the page’s main thread, % of a core', found: percent(report.pageCpu), bound: 'printed', met: true },
    { name: 'CPU of the server, % of a core', found: percent(report.serverCpu), bound: 'printed', met: true },
  ]
}

const percent = (share: number): string => (share * 100).toFixed(0)

await ensurePages()
await using console = await openConsole()
const browser = await openBrowser()
try {
  const report = await measureLoad(console, browser, { seconds, warmUpSeconds: Math.min(15, seconds) })
  for (const line of describeLoad(report)) globalThis.console.error(line)
  const figures = judge(report)
  globalThis.console.log(JSON.stringify({ browser: browser.version(), figures, report }))
  process.exitCode = figures.every(({ met }) => met) ? 0 : 2
} finally {
  await browser.close()
}
