import { type Mode, modes } from '@session-cluster/contract'
import { shuffled } from '@session-cluster/visitor'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Console } from '../server/console.ts'
import { languages, translator } from '../web/src/i18n/translate.ts'
import { answersOf, laneOf, sayIn, stopsWith } from '../web/src/tour-script.ts'
import type { LaneId, RequestRecord } from '../wire/record.ts'
import { type OpenPage, openBrowser, openPage } from './browser.ts'
import { openConsole } from './open-console.ts'
import { asked, contradictions, type Figures, shown } from './truth.ts'

/** Small by default: each set of lanes goes through its tour, the three together through every action too. */
const full = process.env.TEST_BUDGET === 'full'
const patient = { timeout: 60_000, interval: 150 }
const sets: readonly (readonly Mode[])[] = [modes, ...modes.map((mode) => [mode])]

let browser: Browser
beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser.close())

describe.each(sets.map((lanes) => [lanes.join(' + '), lanes] as const))('the page of %s', (_, lanes) => {
  const stack = new AsyncDisposableStack()
  /** Which node each request went to, by the balancers' own access logs. */
  const log: Record<string, { upstream: string; at: number }[]> = { local: [], sticky: [], clustered: [] }
  let console: Console
  /** The same page in each language. */
  let views: OpenPage[]
  let page: Page

  beforeAll(async () => {
    console = stack.use(
      await openConsole({
        modes: lanes,
        balancerEnv: { ACCESS_LOG: 'on' },
        onLog(mode, part, line) {
          if (part !== 'balancer' || !line.includes('"msg":"request"')) return
          const { upstream, time } = JSON.parse(line) as { upstream?: string; time: number }
          if (upstream !== undefined) log[mode]?.push({ upstream, at: time })
        },
      }),
    )
    views = []
    for (const lang of languages) views.push(await openPage(browser, console.url, { lang }))
    page = (views[0] as OpenPage).page
  })
  afterAll(() => stack.disposeAsync())

  /** Asks the console's server, as the page does. */
  const call = async (path: string, body: object = {}) => {
    const answer = await page.evaluate(
      async ([to, text]) => {
        const headers = { 'content-type': 'application/json' }
        const response = await fetch(`/api/${to}`, { method: 'POST', headers, body: text })
        return { ok: response.ok, text: await response.text() }
      },
      [path, JSON.stringify(body)] as const,
    )
    expect(answer.ok, `${path} ${JSON.stringify(body)}: ${answer.text}`).toBe(true)
    return JSON.parse(answer.text) as { records: RequestRecord[] }
  }

  /** Both pages say what nodes, balancer and Redis say, and nothing twice in different numbers. */
  const agrees = async (after: string) => {
    for (const view of views) {
      const both = async () => {
        const [there, here] = [await asked(console, log), await shown(view.page)]
        return { there, here: comparable(here, there) }
      }
      await expect
        .poll(
          async () => {
            const { there, here } = await both()
            return JSON.stringify(here) === JSON.stringify(comparable(there, there)) ? 'agrees' : { here, there }
          },
          { ...patient, message: `after ${after}, in ${view.t.lang}` },
        )
        .toBe('agrees')
      await expect
        .poll(() => contradictions(view.page), { ...patient, message: `after ${after}, in ${view.t.lang}` })
        .toEqual([])
    }
  }

  it('is true at the start', () => agrees('the start'), 120_000)

  it('is true after every step of the tour, and so are the tour’s own words', async () => {
    const stops = stopsWith(lanes)
    const t = translator('en')
    await page.evaluate(() => {
      location.hash = '#lang=en&tour=1.1'
    })
    for (const { chapter, step, what } of stops) {
      const here = `${chapter}.${step}`
      const tour = page.locator('.tour')
      const lane = laneOf(what, lanes)
      await expect.poll(() => tour.getAttribute('data-step'), patient).toBe(here)
      const sentence = t.any(sayIn(what.key, lane, t.has)).split('{user}')
      for (const part of sentence) expect(await tour.locator('.say').textContent(), here).toContain(part)
      const right = what.right?.(lane)
      expect(answersOf(what, lane) ?? [undefined], here).toContain(right)
      if (right !== undefined) await tour.locator(`input[value=${right}]`).check()
      await tour.locator('.primary').click()
      await expect.poll(() => tour.getAttribute('data-phase'), { ...patient, message: here }).toBe('revealed')
      expect(await page.locator('.trouble').allTextContents(), `${here} went wrong`).toEqual([])
      if (right !== undefined) expect(await tour.locator('[data-right]').getAttribute('data-right'), here).toBe('true')
      await expect.poll(() => proves(here, lane), { ...patient, message: `${here}: what happened` }).toBe(right)
      if (lane !== undefined)
        for (const other of modes.filter((mode) => !lanes.includes(mode)))
          expect(await tour.locator('.say, .reveal').allTextContents(), here).not.toContain(t(`mode.${other}`))
      await agrees(`step ${here}`)
      if (here === '6.3') expect(console.stage.lane('clustered').view().redis?.state).toBe('frozen')
      await tour.locator('.primary').click()
    }
    await expect.poll(() => page.locator('.tour').count(), patient).toBe(0)
    await agrees('the tour')
  }, 400_000)

  /** The answer that what really happened gives, read from the records and the drawing. */
  async function proves(here: string, lane: LaneId | undefined): Promise<string | undefined> {
    const user = (await page.locator('.user[aria-pressed=true]').getAttribute('data-user')) ?? ''
    const last = (id: LaneId) =>
      console.stage.history().records.filter((record) => record.lane === id && record.user === user)
    const found = lanes.filter((id) => last(id).at(-1)?.outcome === 'found')
    const share = async (id: LaneId, node: string) =>
      Number(await page.locator(`[data-lane=${id}] [data-server=${node}]`).getAttribute('data-share'))
    const compared = () => (found.length === lanes.length ? 'all' : found.length === 0 ? 'none' : found.join())
    const yes = (is: boolean) => (is ? 'yes' : 'no')
    switch (here) {
      case '1.2':
      case '1.3':
        return found.length === lanes.length ? 'yes' : found.length === 0 ? 'no' : 'some'
      case '2.1':
      case '5.1':
        return lane === undefined ? compared() : yes(found.includes(lane))
      case '5.2':
        return yes(found.includes(lane ?? 'sticky'))
      case '2.2': {
        const n = last(lane ?? 'local')
          .slice(-10)
          .filter(({ outcome }) => outcome === 'found').length
        return n === 10 ? 'always' : n === 0 ? 'never' : 'turns'
      }
      case '3.2':
        return new Set(
          last('sticky')
            .slice(-10)
            .map(({ node }) => node),
        ).size === 1
          ? 'one'
          : 'three'
      case '4.1': {
        const part = await share('sticky', 'b')
        return part > 95 ? 'all' : part > 45 ? 'half' : 'third'
      }
      case '6.1': {
        const { totals } = console.stage.lane('clustered').view()
        const used = (await share('clustered', 'd')) > 15 && totals.miss + totals.lost === 0
        if (lane !== undefined) return yes(used)
        const { miss } = console.stage.lane('local').view().totals
        return used && miss > 0 && (await share('sticky', 'd')) === 0 ? 'clustered' : 'all'
      }
      case '6.2':
        return console.stage.lane('clustered').view().gone === 0 ? 'none' : 'some'
      case '6.3':
        return last('clustered').at(-1)?.outcome === 'error' && last('clustered').at(-1)?.status === 503
          ? 'error'
          : 'out'
      case '7.2':
      case '7.3':
        return (await page.locator('.happened').textContent())?.includes('SecurityContext {') ? 'same' : 'plain'
      default:
        return undefined
    }
  }

  it.runIf(full || lanes.length > 1)(
    'is true after everything that users do, and each request has its why',
    async () => {
      for (const via of [undefined, 'a', 'b'])
        for (const action of [
          'login',
          'open',
          'write',
          'count',
          'forget',
          'login',
          'logout',
          'open',
          'login',
        ] as const) {
          const { records } = await call('act', { user: 'Bob', action, via })
          for (const { lane, why } of records)
            expect(
              why.map(({ key }) => key),
              `${lane} ${action} ${via}`,
            ).not.toContain('node.answered')
          if (full) await agrees(`${action} ${via ?? ''}`)
        }
      await agrees('what users do')
    },
    200_000,
  )

  it.runIf(full || lanes.length > 1)(
    'is true after everything that is done to servers and Redis',
    async () => {
      await call('act', { user: 'all', action: 'login' })
      const shared = lanes.includes('clustered')
      const actions: readonly (readonly [string, object])[] = [
        ['node', { node: 'b', action: 'crash' }],
        ['node', { node: 'b', action: 'restart' }],
        ['node', { node: 'c', action: 'freeze' }],
        ['node', { node: 'c', action: 'thaw' }],
        ['node', { node: 'a', action: 'drain' }],
        ['node', { node: 'a', action: 'ready' }],
        ['node', { node: 'a', action: 'maintenance' }],
        ['node', { node: 'a', action: 'ready' }],
        ['node', { node: 'b', action: 'weight', weight: 0 }],
        ['node', { node: 'b', action: 'slow', slowMs: 20 }],
        ['node', { node: 'c', action: 'stop' }],
        ['lane', { action: 'add' }],
        ['lane', { action: 'remove', node: 'd' }],
        ...(shared
          ? ([
              ['lane', { action: 'codec', codec: 'v8' }],
              ['lane', { action: 'redis-freeze' }],
              ['lane', { action: 'redis-thaw' }],
              ['lane', { action: 'redis-stop' }],
              ['lane', { action: 'redis-start' }],
            ] as const)
          : []),
        ...(full ? ([['lane', { action: 'rolling' }]] as const) : []),
      ]
      // What went with servers that are no longer in the list, by lane.
      const withRemoved = new Map<string, number>()
      for (const [path, action] of actions) {
        const before = counts()
        await call(path, { lane: 'all', ...action })
        await agrees(JSON.stringify(action))
        // Gone at once, and noticed by nobody before somebody asks.
        const after = counts()
        if ('action' in action && action.action === 'remove')
          for (const id of lanes) withRemoved.set(id, (after[id]?.gone ?? 0) - (after[id]?.nodes ?? 0))
        for (const id of lanes) expect(after[id]?.noticed, `${id} ${JSON.stringify(action)}`).toBe(before[id]?.noticed)
        for (const user of shuffled(['Alice', 'Erin', 'Ivan'])) await call('act', { user, action: 'open' })
        await agrees(`${JSON.stringify(action)}, and some opened`)
      }
      for (const id of lanes) {
        const { gone, nodes } = counts()[id] ?? { gone: 0, nodes: 0 }
        expect(id === 'clustered' ? gone : gone - nodes - (withRemoved.get(id) ?? 0), id).toBe(0)
      }
    },
    400_000,
  )

  /** What the page says is gone and noticed; and what its servers took with them, which is the same. */
  const counts = () =>
    Object.fromEntries(
      console.stage.laneViews().map(({ id, gone, noticed, nodes }) => {
        const taken = nodes.reduce((sum, node) => sum + node.gone, 0)
        return [id, { gone, noticed, nodes: taken }]
      }),
    )

  it('begins anew in one click: numbers, users, servers and Redis', async () => {
    await call('users')
    await call('node', { lane: 'all', node: 'a', action: 'crash' })
    await page.locator('[data-ask=reset]').click()
    await expect.poll(() => views[1]?.page.locator('[data-user]').count(), patient).toBe(9)
    await expect
      .poll(
        () => console.stage.laneViews().map(({ busy, nodes }) => [busy, nodes.map(({ name }) => name).join('')]),
        patient,
      )
      .toEqual(lanes.map(() => [undefined, 'abc']))
    await agrees('a reset')
    for (const { totals, gone, noticed, redis } of console.stage.laneViews()) {
      expect({ ...totals, gone, noticed }).toMatchObject({ fresh: 9, found: 0, miss: 0, lost: 0, gone: 0, noticed: 0 })
      if (redis) await expect.poll(() => console.stage.lane('clustered').view().redis?.sessions, patient).toBe(9)
    }
    for (const view of views) expect(view.complaints).toEqual([])
  }, 120_000)
})

/** Figures as far as both can have them: what a server that does not answer holds can be asked of nobody. */
function comparable(figures: Figures, there: Figures): Figures {
  const lanes = Object.entries(figures).map(([id, lane]) => {
    const nodes = Object.entries(lane.nodes).map(([name, { stand, share, holds, held }]) => {
      const answers = there[id]?.nodes[name]?.held !== undefined
      return [name, { stand, share, ...(answers && { holds: holds?.split(' ').toSorted().join(' '), held }) }]
    })
    const { max, jain } = lane
    const redis = there[id]?.redis === undefined ? undefined : lane.redis
    // While Redis is away nobody can be asked what can be read.
    const unreadable = id === 'clustered' && redis === undefined ? 0 : lane.unreadable
    return [id, { nodes: Object.fromEntries(nodes), unreadable, redis, max, jain }]
  })
  return Object.fromEntries(lanes.toSorted(([one], [other]) => String(one).localeCompare(String(other))))
}
