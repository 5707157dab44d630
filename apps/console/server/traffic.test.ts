import { expect, it } from 'vitest'
import { Traffic } from './traffic.ts'

it('makes nobody act before it has begun, and then only if nobody has stopped the clock meanwhile', () => {
  let acts = 0
  using traffic = new Traffic(() => {
    acts++
    return []
  })
  traffic.setClock({ running: true, rate: 200 })
  expect(traffic.clock).toEqual({ running: true, rate: 200 })
  traffic.setClock({ running: false })
  traffic.begin()
  expect(traffic.clock.running).toBe(false)
  expect(acts).toBe(0)
})

it('acts by itself once it has begun', async () => {
  let acts = 0
  using traffic = new Traffic(() => {
    acts++
    return []
  })
  traffic.setClock({ running: true, rate: 200 })
  traffic.begin()
  await expect.poll(() => acts).toBeGreaterThan(0)
  expect(traffic.clock).toEqual({ running: true, rate: 200 })
})
