import { expect, it } from 'vitest'
import { describeLoad, isFlat, measureLoad } from '../load.ts'
import type { Shared } from '../shared.ts'

/** What a stretch of heavy traffic costs. */
export function loadSuite(shared: () => Shared): void {
  it('carries 200 requests a second over three lanes for 10 s: every one accounted for, nothing piled up', async () => {
    const { console, browser } = shared()
    await console.stage.reset()
    const report = await measureLoad(console, browser, { seconds: 10 })
    for (const line of describeLoad(report)) globalThis.console.log(line)
    // How fast a shared machine gets through them, and how long its browser's tasks take, is printed (the soak judges it on a quiet
    // one); what is asserted here holds on any machine.
    expect(report.requests).toBeGreaterThan(200)
    expect(report.drawn + report.leftOut).toBe(report.counted)
    expect(report.exact).toBe(true)
    expect(report.kept).toBeLessThanOrEqual(1200)
    expect(report.elements[1]).toBeLessThan(report.elements[0] * 1.3)
    expect(isFlat(report.pageHeap)).toBe(true)
    expect(isFlat(report.serverHeap)).toBe(true)
    expect(report.pageCpu).toBeLessThan(0.3)
    expect(report.complaints).toEqual([])
  })
}
