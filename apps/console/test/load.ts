import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Browser, Page } from 'playwright-core'
import type { Console } from '../server/console.ts'
import { openPage } from './browser.ts'

/** What a stretch of traffic cost, on both sides of the wire. */
export interface LoadReport {
  readonly seconds: number
  /** Requests over all lanes, by the server's own count. */
  readonly requests: number
  /** Ms of each task of the page's main thread that took 50 ms or longer. */
  readonly longTasks: readonly number[]
  /** The page's heap after a collection, bytes: after the warm-up, and at the end. */
  readonly pageHeap: readonly [number, number]
  /** The page's elements, likewise. */
  readonly elements: readonly [number, number]
  /** The console's server, likewise, together with the browser's driver, which shares its process here. */
  readonly serverHeap: readonly [number, number]
  /** CPU seconds of the page's main thread per second: what it costs, however busy the machine is with other things. */
  readonly pageCpu: number
  /** CPU seconds of the console's server (and of the browser's driver) per second. */
  readonly serverCpu: number
  /** What the page showed at the end equals what the server counted. */
  readonly exact: boolean
  /** Requests since the page was opened: drawn by it, said by it to be left out, and counted by the server. */
  readonly drawn: number
  readonly leftOut: number
  readonly counted: number
  /** Requests and notices that the server keeps. */
  readonly kept: number
  readonly complaints: readonly string[]
}

export interface LoadOptions {
  readonly seconds: number
  /** User actions per second; each goes to three lanes. @default 68: 204 requests a second */
  readonly rate?: number
  readonly warmUpSeconds?: number
}

/** A heap counts as flat when it ends at most this much above where it stood after the warm-up. */
const growth = 1.15
const slack = 3 * 1024 * 1024

/** Whether a heap did not grow. */
export const isFlat = ([before, after]: readonly [number, number]): boolean => after <= before * growth + slack

const total = (console: Console): number =>
  [...console.stage.lanes.values()]
    .flatMap(({ tally }) => Object.values(tally.totals))
    .reduce((sum, count) => sum + count, 0)

/** Lets the users act in every lane for a while with the page open, and measures. */
export async function measureLoad(console: Console, browser: Browser, options: LoadOptions): Promise<LoadReport> {
  const { seconds, rate = 68, warmUpSeconds = 3 } = options
  const atOpening = total(console)
  const { page, complaints, figure } = await openPage(browser, console.url)
  const meter = await pageMeter(page)
  const { traffic } = console.stage
  traffic.setClock({ running: true, rate })
  await page.waitForTimeout(warmUpSeconds * 1000)
  const before = { ...(await meter.sizes()), server: serverHeap(), requests: total(console) }
  await meter.watchLongTasks()
  const start = { pageCpu: await meter.cpu(), cpu: process.cpuUsage(), at: performance.now() }
  await page.waitForTimeout(seconds * 1000)
  const elapsed = (performance.now() - start.at) / 1000
  const cpu = process.cpuUsage(start.cpu)
  const requests = total(console) - before.requests
  const pageSeconds = (await meter.cpu()) - start.pageCpu
  const longTasks = await meter.longTasks()
  traffic.setClock({ running: false })
  const after = { ...(await meter.sizes()), server: serverHeap() }
  const exact = await settles(async () => {
    const { drawn, leftOut } = await meter.told()
    const lanes = [...console.stage.lanes.values()]
    const shown = await Promise.all(
      lanes.map(async ({ id, tally }) => (await figure(id, 'found')) - tally.totals.found),
    )
    return shown.every((difference) => difference === 0) && drawn + leftOut === total(console) - atOpening
  })
  const { records, notices } = console.stage.history()
  const told = await meter.told()
  await page.context().close()
  return {
    seconds: elapsed,
    requests,
    longTasks,
    pageHeap: [before.heap, after.heap],
    elements: [before.elements, after.elements],
    serverHeap: [before.server, after.server],
    pageCpu: pageSeconds / elapsed,
    serverCpu: (cpu.user + cpu.system) / 1e6 / elapsed,
    exact,
    ...told,
    counted: total(console) - atOpening,
    kept: records.length + notices.length,
    complaints,
  }
}

/** Reads off the page what only its browser knows. */
async function pageMeter(page: Page) {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' })
  return {
    async sizes() {
      await devtools.send('HeapProfiler.collectGarbage')
      const { usedSize } = await devtools.send('Runtime.getHeapUsage')
      return { heap: usedSize, elements: await page.evaluate(() => document.querySelectorAll('*').length) }
    },
    async cpu() {
      const { metrics } = await devtools.send('Performance.getMetrics')
      return metrics.find(({ name }) => name === 'ThreadTime')?.value ?? Number.NaN
    },
    watchLongTasks: () =>
      page.evaluate(() => {
        const long: number[] = []
        Object.assign(window, { long })
        new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration))).observe({
          type: 'longtask',
        })
      }),
    longTasks: () => page.evaluate(() => (window as unknown as { long: number[] }).long),
    told: () =>
      page.evaluate(() => {
        const canvases = [...document.querySelectorAll<HTMLElement>('.stage .dots')]
        const banner = document.querySelector<HTMLElement>('[data-skipped]')
        return {
          drawn: canvases.reduce((sum, { dataset }) => sum + Number(dataset.drawn ?? 0), 0),
          leftOut: Number(banner?.dataset.skipped ?? 0),
        }
      }),
  }
}

/** This process's heap after a collection, bytes. */
function serverHeap(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}

/** Whether something becomes true within a minute. */
async function settles(check: () => Promise<boolean>): Promise<boolean> {
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline) {
    if (await check()) return true
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return false
}

/** The report as lines for people. */
export function describeLoad(report: LoadReport): string[] {
  const { seconds, requests, longTasks, pageHeap, elements, pageCpu, serverHeap, serverCpu } = report
  const mb = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MB`
  const longest = Math.round(Math.max(0, ...longTasks))
  return [
    `${requests} requests in ${seconds.toFixed(1)} s: ${(requests / seconds).toFixed(0)} a second over three lanes`,
    `page: ${longTasks.length} long tasks, the longest ${longest} ms; ${(pageCpu * 100).toFixed(0)} % of one core; heap ${mb(pageHeap[0])} → ${mb(pageHeap[1])}; ${elements[0]} → ${elements[1]} elements`,
    `server: ${(serverCpu * 100).toFixed(0)} % of one core; heap ${mb(serverHeap[0])} → ${mb(serverHeap[1])}`,
    `requests since the page was opened: ${report.counted} counted, ${report.drawn} drawn, ${report.leftOut} said to be left out`,
  ]
}
