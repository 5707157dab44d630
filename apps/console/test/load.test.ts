import { expect, it } from 'vitest'
import { openBrowser } from './browser.ts'
import { describeLoad, measureLoad } from './load.ts'
import { openConsole } from './open-console.ts'

it('carries 200 requests a second over three lanes for 10 s: nothing miscounted, nothing piled up', async () => {
  await using console = await openConsole()
  const browser = await openBrowser()
  try {
    const report = await measureLoad(console, browser, { seconds: 10 })
    for (const line of describeLoad(report)) globalThis.console.log(line)
    // How fast a shared machine gets through them is printed; that all of them count, and that nothing grows, is asserted.
    expect(report.requests).toBeGreaterThan(200)
    expect(report.exact).toBe(true)
    expect(report.pageCpu).toBeLessThan(0.6)
    expect(report.pageHeap[1]).toBeLessThan(report.pageHeap[0] * 2 + 10 * 1024 * 1024)
    expect(report.complaints).toEqual([])
  } finally {
    await browser.close()
  }
})
