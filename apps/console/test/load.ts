import type { Browser } from 'playwright-core'
import type { Console } from '../server/console.ts'
import { openPage } from './browser.ts'

/** What a stretch of traffic cost, on both sides of the wire. */
export interface LoadReport {
  readonly seconds: number
  /** Requests over all lanes, by the server's own count. */
  readonly requests: number
  readonly longTasks: readonly number[]
  /** The page's heap after a collection, bytes: after the warm-up, and at the end. */
  readonly pageHeap: readonly [number, number]
  /** The console's server, likewise. */
  readonly serverHeap: readonly [number, number]
  /** CPU seconds of the page's main thread per second: what it costs, however busy the machine is with other things. */
  readonly pageCpu: number
  /** CPU seconds of the console's server per second. */
  readonly serverCpu: number
  /** What the page showed at the end equals what the server counted. */
  readonly exact: boolean
  readonly complaints: readonly string[]
}

export interface LoadOptions {
  readonly seconds: number
  /** User actions per second; each goes to three lanes. */
  readonly rate?: number
  readonly warmUpSeconds?: number
}

const total = (console: Console): number =>
  [...console.stage.lanes.values()]
    .flatMap(({ tally }) => Object.values(tally.totals))
    .reduce((sum, count) => sum + count, 0)

/** Lets the users act in every lane for a while with the page open, and measures. */
export async function measureLoad(console: Console, browser: Browser, options: LoadOptions): Promise<LoadReport> {
  const { seconds, rate = 67, warmUpSeconds = 3 } = options
  const { page, complaints, figure } = await openPage(browser, console.url)
  const devtools = await page.context().newCDPSession(page)
  const pageHeap = async () => {
    await devtools.send('HeapProfiler.collectGarbage')
    const { usedSize } = await devtools.send('Runtime.getHeapUsage')
    return usedSize
  }
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' })
  const pageCpu = async () => {
    const { metrics } = await devtools.send('Performance.getMetrics')
    return metrics.find(({ name }) => name === 'ThreadTime')?.value ?? Number.NaN
  }
  const serverHeap = () => {
    globalThis.gc?.()
    return process.memoryUsage().heapUsed
  }
  const { traffic } = console.stage
  traffic.setClock({ running: true, rate })
  await page.waitForTimeout(warmUpSeconds * 1000)
  await page.evaluate(() => {
    const long: number[] = []
    Object.assign(window, { long })
    new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration))).observe({
      type: 'longtask',
    })
  })
  const before = {
    page: await pageHeap(),
    server: serverHeap(),
    requests: total(console),
    cpu: process.cpuUsage(),
    pageCpu: await pageCpu(),
    at: performance.now(),
  }
  await page.waitForTimeout(seconds * 1000)
  const elapsed = (performance.now() - before.at) / 1000
  const cpu = process.cpuUsage(before.cpu)
  const requests = total(console) - before.requests
  const pageSeconds = (await pageCpu()) - before.pageCpu
  const longTasks = await page.evaluate(() => (window as unknown as { long: number[] }).long)
  traffic.setClock({ running: false })
  const after = { page: await pageHeap(), server: serverHeap() }
  const exact = await settles(async () => {
    const shown = await Promise.all(
      [...console.stage.lanes.values()].map(
        async ({ id, tally }) => (await figure(id, 'found')) === tally.totals.found,
      ),
    )
    return shown.every(Boolean)
  })
  await page.context().close()
  return {
    seconds: elapsed,
    requests,
    longTasks,
    pageHeap: [before.page, after.page],
    serverHeap: [before.server, after.server],
    pageCpu: pageSeconds / elapsed,
    serverCpu: (cpu.user + cpu.system) / 1e6 / elapsed,
    exact,
    complaints,
  }
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
export function describeLoad({
  seconds,
  requests,
  longTasks,
  pageHeap,
  pageCpu,
  serverHeap,
  serverCpu,
}: LoadReport): string[] {
  const mb = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MB`
  const longest = Math.round(Math.max(0, ...longTasks))
  return [
    `${requests} requests in ${seconds.toFixed(1)} s: ${(requests / seconds).toFixed(0)} a second over three lanes`,
    `page: ${longTasks.length} long tasks, the longest ${longest} ms; ${(pageCpu * 100).toFixed(0)} % of one core; heap ${mb(pageHeap[0])} → ${mb(pageHeap[1])}`,
    `server: ${(serverCpu * 100).toFixed(0)} % of one core; heap ${mb(serverHeap[0])} → ${mb(serverHeap[1])}`,
  ]
}
