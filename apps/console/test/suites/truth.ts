import { lessons } from '@session-cluster/contract'
import { shuffled } from '@session-cluster/visitor'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { languages } from '../../web/src/i18n/translate.ts'
import { asked as askedLanes, sayIn, stopsWith } from '../../web/src/tour/script.ts'
import type { LaneId, RequestRecord } from '../../wire/record.ts'
import { type OpenPage, openPage } from '../browser.ts'
import { asked, contradictions, type Figures, shown } from '../figures.ts'
import { type Shared, upstreamsIn } from '../shared.ts'

/** Small by default; `full`: both pages are compared after each single action. */
const full = process.env.TEST_BUDGET === 'full'
const patient = { timeout: 60_000, interval: 120 }

/**
 * Nothing on the page is otherwise than nodes, balancer and Redis say it is, and no two of its numbers contradict each other: in both
 * languages, with all lanes and with each of them alone, with the drawer of servers and without.
 */
export function truthSuite(shared: () => Shared): void {
  describe('the truth of the page', () => {
    const views: OpenPage[] = []
    let page: Page

    beforeAll(async () => {
      const { console, browser } = shared()
      await console.stage.reset()
      const places = ['', '&drawer=servers', ...lessons.map((lane) => `&only=${lane}`)]
      for (const [at, hash] of places.entries())
        views.push(await openPage(browser, console.url, { lang: languages[at % 2] ?? 'en', hash }))
      page = (views[0] as OpenPage).page
    })
    afterAll(() => Promise.all(views.map((view) => view.close())))

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

    /** Every page says what nodes, balancer and Redis say, and nothing twice in different numbers. */
    const agrees = async (after: string) => {
      const { console, access } = shared()
      const all = async () => {
        const there = await asked(console, upstreamsIn(access))
        const faults = await Promise.all(
          views.map(async (view) => {
            const here = comparable(await shown(view.page), there)
            const truth = comparable(there, there, here)
            const twice = await contradictions(view.page)
            if (JSON.stringify(here) === JSON.stringify(truth) && twice.length === 0) return []
            return [{ url: view.page.url(), here, truth, twice }]
          }),
        )
        return faults.flat()
      }
      await expect.poll(all, { ...patient, message: `after ${after}` }).toEqual([])
    }

    it('holds at the start', () => agrees('the start'), 120_000)

    it('holds after every step of the tour, and each step’s answer is what really happened in each lane', async () => {
      const { console } = shared()
      const lanes = [...console.stage.lanes.keys()]
      const { t } = views[0] as OpenPage
      await page.evaluate(() => {
        location.hash = '#lang=en&tour=1.1'
      })
      for (const { chapter, step, what } of stopsWith(lanes)) {
        const here = `${chapter}.${step}`
        const say = page.locator('.say')
        await expect.poll(() => say.getAttribute('data-step'), patient).toBe(here)
        for (const part of plain(t.any(sayIn(what.key, undefined, t.has))))
          expect(await say.locator('h1').textContent(), here).toContain(part)
        const questions = await page
          .locator('[data-question]')
          .evaluateAll((all) => all.map((one) => one.getAttribute('data-question')))
        for (const question of questions) {
          const lane = question === 'all' ? 'local' : (question as LaneId)
          await page.locator(`[data-question=${question}] input[value=${what.right?.(lane)}]`).check({ force: true })
        }
        await page.locator('.dock .primary').click()
        await expect.poll(() => say.getAttribute('data-phase'), { ...patient, message: here }).toBe('revealed')
        expect(await page.locator('.trouble').allTextContents(), `${here} went wrong`).toEqual([])
        const judged = await page
          .locator('[data-right]')
          .evaluateAll((all) => all.map((one) => one.getAttribute('data-right')))
        expect(judged, here).toEqual(questions.map(() => 'true'))
        // What is right is told of each lane alone too, where it stands by itself.
        for (const lane of askedLanes(what, lanes))
          await expect
            .poll(() => proves(here, lane), { ...patient, message: `${here}: what happened in ${lane}` })
            .toBe(what.right?.(lane))
        for (const part of plain(t.any(`${what.key}.reveal`)))
          expect(await say.locator('h1').textContent(), here).toContain(part)
        await agrees(`step ${here}`)
        if (here === '6.3') expect(console.stage.lane('clustered').view().redis?.state).toBe('frozen')
        await page.locator('.dock .primary').click()
      }
      await expect.poll(() => page.locator('.say[data-step]').count(), patient).toBe(0)
      await agrees('the tour')
    }, 400_000)

    /** The answer that what really happened in a lane gives, read from the records and from what the console counts. */
    async function proves(here: string, lane: LaneId): Promise<string> {
      const { console } = shared()
      const { users } = JSON.parse(JSON.stringify(console.stage.snapshot())) as {
        users: { name: string; lanes: Record<string, { session: string }> }[]
      }
      const chosen = await page.locator(`.lane[data-lane=${lane}] .person.chosen`).getAttribute('data-person')
      const records = console.stage.history().records.filter((one) => one.lane === lane)
      const last = records.filter(({ user }) => user === chosen)
      const view = console.stage.lane(lane).view()
      const part = (node: string) => {
        const all = Object.values(view.share).reduce((sum, n) => sum + n, 0)
        return ((view.share[node] ?? 0) / all) * 100
      }
      const gone = users.filter((user) => user.lanes[lane]?.session === 'gone').length
      switch (here) {
        case '2.2': {
          const n = last.slice(-10).filter(({ outcome }) => outcome === 'found').length
          return n === 10 ? 'always' : n === 0 ? 'never' : 'turns'
        }
        case '3.2':
          return new Set(last.slice(-10).map(({ node }) => node)).size === 1 ? 'one' : 'three'
        case '4.1':
          return part('b') > 95 ? 'all' : part('b') > 45 ? 'half' : 'third'
        case '5.1':
          return gone === 0 ? 'nobody' : gone < users.length ? 'theirs' : 'everybody'
        case '6.1':
          if (part('d') === 0) return 'idle'
          return records.slice(-60).some(({ node, outcome }) => node === 'd' && outcome === 'miss') ? 'misses' : 'share'
        case '6.2':
          return gone === 0 ? 'none' : 'some'
        case '6.3':
          return last.at(-1)?.outcome === 'error' && last.at(-1)?.status === 503 ? 'error' : 'out'
        case '7.2':
        case '7.3':
          return (await page.locator('[data-verdict] dd').last().textContent())?.includes('SecurityContext {')
            ? 'same'
            : 'plain'
        default:
          return last.at(-1)?.outcome === 'found' ? 'yes' : 'no'
      }
    }

    it('holds in a lane that stands alone: the tour is that lane’s, and says nothing of another', async () => {
      for (const [at, lane] of lessons.entries()) {
        const view = views[at + 2] as OpenPage
        const { t } = view
        await view.goTo(`&only=${lane}&tour=2.1`)
        await expect.poll(() => view.page.locator('.say').getAttribute('data-step'), patient).toBe('2.1')
        await view.page.locator('[data-question] input').first().check({ force: true })
        await view.page.locator('.dock .primary').click()
        await expect.poll(() => view.page.locator('.say').getAttribute('data-phase'), patient).toBe('revealed')
        const said = await view.page.locator('.say h1').textContent()
        for (const part of plain(t.any(sayIn('tour.2.1.reveal', lane, t.has)))) expect(said).toContain(part)
        for (const other of lessons.filter((one) => one !== lane)) expect(said).not.toContain(t(`mode.${other}`))
        expect(await view.page.locator(`[data-happened=${lane}]`).textContent()).toContain(
          t(lane === 'clustered' ? 'outcome.found' : 'outcome.miss'),
        )
        await view.goTo(`&only=${lane}`)
        await expect.poll(() => view.page.locator('.say[data-step]').count(), patient).toBe(0)
      }
      await agrees('a tour in each lane alone')
    }, 200_000)

    it('holds after everything that users do, and each request has its why', async () => {
      const actions = [
        'login',
        'open',
        'write',
        'count',
        'context',
        'forget',
        'login',
        'logout',
        'open',
        'login',
      ] as const
      for (const via of [undefined, 'a', 'b'])
        for (const action of actions) {
          const { records } = await call('act', { user: 'Bob', action, via })
          for (const { lane, why } of records)
            expect(
              why.map(({ key }) => key),
              `${lane} ${action} ${via}`,
            ).not.toContain('node.answered')
          if (full) await agrees(`${action} ${via ?? ''}`)
        }
      await agrees('what users do')
    }, 200_000)

    it('holds after everything that is done to servers and Redis', async () => {
      const { console } = shared()
      const lanes = [...console.stage.lanes.keys()]
      // A server that was removed is forgotten with its requests; the balancers' logs remember it.
      await console.stage.reset()
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
        ['lane', { action: 'codec', codec: 'v8' }],
        ['lane', { action: 'redis-freeze' }],
        ['lane', { action: 'redis-thaw' }],
        ['lane', { action: 'redis-stop' }],
        ['lane', { action: 'redis-start' }],
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
    }, 400_000)

    /** What the page says is gone and noticed; and what its servers took with them, which is the same. */
    const counts = () =>
      Object.fromEntries(
        shared()
          .console.stage.laneViews()
          .map(({ id, gone, noticed, nodes }) => {
            const taken = nodes.reduce((sum, node) => sum + node.gone, 0)
            return [id, { gone, noticed, nodes: taken }]
          }),
      )

    it('would be missed: a page with one number changed is found out', async () => {
      const { console, access } = shared()
      const breakIt = (selector: string, name: string, value: string) =>
        page.evaluate(
          ([where, what, to]) => document.querySelector(where as string)?.setAttribute(what as string, to as string),
          [selector, name, value] as const,
        )
      const there = await asked(console, upstreamsIn(access))
      await breakIt('.lane[data-lane=local] [data-server=a]', 'data-holds', 'Nobody')
      expect(comparable(await shown(page), there)).not.toEqual(comparable(there, there))
      expect(await contradictions(page)).not.toEqual([])
      await page.reload()
      await page.locator('.lane [data-person]').first().waitFor()
      await agrees('a reload')
    }, 60_000)

    it('begins anew in one click: numbers, users, servers and Redis', async () => {
      const { console } = shared()
      await call('users')
      await call('node', { lane: 'all', node: 'a', action: 'crash' })
      await (views[0] as OpenPage).drawer('what-if')
      await page.locator('[data-ask=reset]').click()
      await expect.poll(() => views[1]?.page.locator('.lane[data-lane=sticky] [data-person]').count(), patient).toBe(9)
      await expect
        .poll(
          () => console.stage.laneViews().map(({ busy, nodes }) => [busy, nodes.map(({ name }) => name).join('')]),
          patient,
        )
        .toEqual(console.stage.laneViews().map(() => [undefined, 'abc']))
      await agrees('a reset')
      for (const { totals, gone, noticed, redis } of console.stage.laneViews()) {
        expect({ ...totals, gone, noticed }).toMatchObject({
          fresh: 9,
          found: 0,
          miss: 0,
          lost: 0,
          gone: 0,
          noticed: 0,
        })
        if (redis) await expect.poll(() => console.stage.lane('clustered').view().redis?.sessions, patient).toBe(9)
      }
      for (const view of views) expect(view.complaints).toEqual([])
    }, 120_000)
  })
}

/** A sentence's words between what is filled in, without its marks. */
const plain = (sentence: string): string[] => sentence.replaceAll(/<\/?[lf]>/g, '').split(/\{\w+\}/)

/**
 * Figures as far as both can have them: what a server that does not answer holds can be asked of nobody. `like`: only the lanes and the
 * figures that are shown there.
 */
function comparable(figures: Figures, there: Figures, like: Figures = figures): Figures {
  const lanes = Object.entries(figures)
    .filter(([id]) => like[id] !== undefined)
    .map(([id, lane]) => {
      const nodes = Object.entries(lane.nodes).map(([name, { stand, share, holds, held }]) => {
        const answers = there[id]?.nodes[name]?.held !== undefined
        return [name, { stand, share, ...(answers && { holds: holds?.split(' ').toSorted().join(' '), held }) }]
      })
      const redis = there[id]?.redis === undefined ? undefined : lane.redis
      // While Redis is away nobody can be asked what can be read.
      const unreadable = id === 'clustered' && redis === undefined ? 0 : lane.unreadable
      const even = like[id] && 'max' in like[id] ? { max: lane.max, jain: lane.jain } : {}
      return [id, { nodes: Object.fromEntries(nodes), unreadable, redis, ...even }]
    })
  return Object.fromEntries(lanes.toSorted(([one], [other]) => String(one).localeCompare(String(other))))
}
