import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LaneId } from '../../wire/record.ts'
import { type OpenPage, openPage } from '../browser.ts'
import type { AccessLine, Shared } from '../shared.ts'

const lanes: readonly LaneId[] = ['local', 'sticky', 'clustered']
const patient = { timeout: 60_000, interval: 200 }

/** The page, the balancers' own access logs and the users' tokens say the same, to the last request. */
export function accuracySuite(shared: () => Shared): void {
  describe('the accuracy of the page', () => {
    let view: OpenPage
    let logs: Readonly<Record<string, readonly AccessLine[]>>
    beforeAll(async () => {
      const { console, browser, access } = shared()
      view = await openPage(browser, console.url)
      logs = access
    })
    afterAll(() => view?.close())

    it('shows after traffic with a crash in it exactly what happened', async () => {
      const { console } = shared()
      const { traffic } = console.stage
      traffic.setClock({ running: true, rate: 30 })
      await expect.poll(() => logs.sticky?.length, patient).toBeGreaterThan(150)
      await Promise.all(lanes.map((lane) => console.stage.lane(lane).actOnNode('b', 'crash', {})))
      const atCrash = logs.sticky?.length ?? 0
      await expect.poll(() => logs.sticky?.length, patient).toBeGreaterThan(atCrash + 250)
      traffic.setClock({ running: false })
      for (const lane of lanes) {
        const gets = () => logs[lane]?.filter(({ path }) => path === '/get') ?? []
        const seen = async () => ({
          found: await view.figure(lane, 'found'),
          missedOrLost: (await view.figure(lane, 'miss')) + (await view.figure(lane, 'lost')),
          error: await view.figure(lane, 'error'),
        })
        const truth = () => ({
          found: gets().filter(({ status }) => status === 200).length,
          missedOrLost: gets().filter(({ status }) => status === 404).length,
          error: logs[lane]?.filter(({ status }) => status >= 500).length,
        })
        await expect.poll(async () => JSON.stringify(await seen()) === JSON.stringify(truth()), patient).toBe(true)
        expect(await seen()).toEqual(truth())
        for (const node of ['a', 'b', 'c']) {
          const mine = logs[lane]?.filter(({ upstream }) => upstream === node) ?? []
          expect(await view.cell(lane, node, 'requests'), `${lane} ${node}`).toBe(String(mine.length))
        }
        const share = Object.entries(console.stage.lane(lane).tally.share())
        const last = (logs[lane] ?? []).filter(({ upstream }) => upstream !== undefined).slice(-60)
        for (const [node, count] of share)
          expect(count, `${lane} ${node}`).toBe(last.filter(({ upstream }) => upstream === node).length)
      }
    })

    it('calls lost exactly those whose token no node has any more', async () => {
      const { console } = shared()
      const { traffic } = console.stage
      for (const name of traffic.names) await traffic.everywhere(name, 'open')
      for (const id of lanes) {
        const lane = console.stage.lane(id)
        const truly: string[] = []
        for (const [name, { token, jar }] of traffic.states(id)) {
          const bodies = await Promise.all(
            lane.host
              .nodes()
              .filter(({ name: node }) => node !== 'b')
              .map(async ({ url }) =>
                (await fetch(`${url}/get`, { headers: { cookie: jar.header ?? '', accept: 'text/plain' } })).text(),
              ),
          )
          if (!bodies.includes(token ?? '')) truly.push(name)
        }
        const shown = async () =>
          Object.entries(await view.marks(id))
            .filter(([, outcome]) => outcome === 'lost')
            .map(([name]) => name)
        await expect.poll(shown, patient).toEqual(truly)
        expect(truly).toHaveLength(id === 'clustered' ? 0 : 3)
        // And exactly they fall through the floor.
        const fallen = () =>
          view.page
            .locator(`.lane[data-lane=${id}] .person.fallen`)
            .evaluateAll((people) => people.map((one) => one.getAttribute('data-person')))
        await expect.poll(fallen, patient).toEqual(truly)
      }
    })

    it('keeps a miss apart from a loss: whoever missed is still known somewhere', async () => {
      const records = shared()
        .console.stage.history()
        .records.filter(({ outcome }) => outcome === 'miss')
      expect(records.length).toBeGreaterThan(0)
      expect(new Set(records.map(({ lane }) => lane))).toEqual(new Set(['local']))
    })
  })
}
