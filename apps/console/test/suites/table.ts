import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Console } from '../../server/console.ts'
import type { LaneId } from '../../wire/record.ts'
import type { OpenPage } from '../browser.ts'
import { afresh, type Shared } from '../shared.ts'

const lanes: readonly LaneId[] = ['local', 'sticky', 'clustered']
const patient = { timeout: 45_000, interval: 100 }

/** Each row of what the console is to show, clicked. */
export function tableSuite(shared: () => Shared): void {
  describe('each row of the table, clicked', () => {
    let console: Console
    let view: OpenPage
    beforeAll(async () => {
      ;({ console, view } = await afresh(shared()))
    })
    afterAll(() => view?.close())

    const marksOf = async (user: string) =>
      Object.fromEntries(await Promise.all(lanes.map(async (lane) => [lane, await view.mark(user, lane)] as const)))
    /** Presses something in the drawer of what can be done. */
    const press = async (selector: string) => {
      await view.drawer('what-if')
      await view.page.locator(selector).click()
    }
    const way = async (node: string) => {
      await view.drawer('what-if')
      await view.page.locator('[data-way]').selectOption(node)
    }
    const pace = async (rate: string) => {
      await view.drawer('what-if')
      await view.page.locator('[data-rate]').selectOption(rate)
    }
    const chain = (lane: LaneId) => view.page.locator(`.why[data-why=${lane}]`)
    const ask = async (action: string) => {
      await view.drawer('what-if')
      await view.page.locator(`[data-ask=${action}]`).click()
      await view.page.locator('dialog [data-preview]').first().waitFor()
    }
    const confirm = () => view.page.locator('dialog .primary').click()
    const losing = (lane: LaneId) => view.page.locator(`dialog [data-preview=${lane}]`).getAttribute('data-losing')
    const openAll = async () => {
      await console.stage.traffic.names.reduce(
        (before, name) => before.then(() => console.stage.traffic.everywhere(name, 'open')).then(() => undefined),
        Promise.resolve(),
      )
    }
    const marked = async (lane: LaneId, wanted: string) =>
      Object.entries(await view.marks(lane))
        .filter(([, outcome]) => outcome === wanted)
        .map(([user]) => user)
    const lostIn = (lane: LaneId) => marked(lane, 'lost')
    const unreadableIn = (lane: LaneId) => marked(lane, 'unreadable')

    it('logs in on a, then opens b: only where both ask Redis is she known', async () => {
      await view.choose('Alice')
      await view.deed('direct')
      await expect.poll(() => marksOf('Alice'), patient).toEqual({ local: 'miss', sticky: 'miss', clustered: 'found' })
    })

    it('writes on b: the cookie of a is overwritten, and its session is out of reach', async () => {
      await way('b')
      await view.deed('write')
      await view.drawer('why')
      await expect
        .poll(() => chain('local').textContent(), patient)
        .toContain(view.t('why.overwrote', { name: 'JSESSIONID' }))
      await way('a')
      await view.deed('open')
      await expect.poll(() => marksOf('Alice'), patient).toEqual({ local: 'lost', sticky: 'lost', clustered: 'found' })
      await way('')
    })

    it('goes through the balancer: sticky holds', async () => {
      await view.deed('login')
      await view.deed('open')
      await expect.poll(() => view.mark('Alice', 'sticky'), patient).toBe('found')
    })

    it('deletes her cookie: nobody can know her', async () => {
      await view.deed('forget')
      await expect.poll(() => marksOf('Alice'), patient).toEqual({ local: 'none', sticky: 'none', clustered: 'none' })
      await view.drawer('why')
      for (const lane of lanes)
        await expect.poll(() => chain(lane).locator('.line').textContent(), patient).toContain('404')
    })

    it('opens ten times: now and then in local, always one node in sticky, every node in clustered', async () => {
      await view.deed('login')
      const before = Object.fromEntries(
        await Promise.all(lanes.map(async (lane) => [lane, await view.figure(lane, 'found')] as const)),
      )
      await view.deed('open10')
      const gained = async (lane: LaneId) => (await view.figure(lane, 'found')) - (before[lane] ?? 0)
      await expect.poll(() => gained('sticky'), patient).toBe(10)
      await expect.poll(() => gained('clustered'), patient).toBe(10)
      expect(await gained('local')).toBeGreaterThanOrEqual(3)
      expect(await gained('local')).toBeLessThanOrEqual(4)
      const nodes = (lane: LaneId) =>
        new Set(
          console.stage
            .history()
            .records.filter((record) => record.lane === lane && record.user === 'Alice')
            .slice(-10)
            .map(({ node }) => node),
        )
      expect([nodes('local').size, nodes('sticky').size, nodes('clustered').size]).toEqual([3, 1, 3])
    })

    it('leaves only b’s users active: 0/100/0 in sticky, even elsewhere', async () => {
      await press('[data-all=login]')
      await expect
        .poll(() => view.marks('sticky').then((marks) => new Set(Object.values(marks))), patient)
        .toEqual(new Set(['fresh']))
      await press('[data-activity]')
      await pace('67')
      await view.page.locator('[data-clock=live]').click()
      const share = (lane: LaneId) => console.stage.lane(lane).tally.share()
      await expect.poll(() => share('sticky'), patient).toEqual({ b: 60 })
      await view.page.locator('[data-clock=pause]').click()
      for (const lane of ['local', 'clustered'] as const)
        expect(Math.max(...Object.values(share(lane)))).toBeLessThanOrEqual(26)
      await view.drawer('servers')
      await expect
        .poll(() => view.page.locator('[data-figures=sticky] .even').textContent(), patient)
        .toBe(view.t('lane.even', { max: '3.00', jain: '0.33' }))
      await press('[data-activity][aria-pressed=true]')
      await view.page.locator('[data-activity][aria-pressed=false]').waitFor()
    })

    it('crashes b, after a preview that says who will lose: exactly they do, and none in clustered', async () => {
      await ask('crash')
      const foretold = {
        local: Number(await losing('local')),
        sticky: Number(await losing('sticky')),
        clustered: Number(await losing('clustered')),
      }
      expect(foretold.clustered).toBe(0)
      expect(foretold.sticky).toBe(3)
      await expect(view.page.locator('dialog [data-preview=sticky]').textContent()).resolves.toContain(
        view.t('consequence.crash.memory', { n: 3, all: 9 }),
      )
      await confirm()
      await expect.poll(() => view.stateOf('sticky', 'b'), patient).toBe('crashed')
      await openAll()
      await expect.poll(() => lostIn('sticky'), patient).toHaveLength(3)
      await expect.poll(() => lostIn('local'), patient).toHaveLength(foretold.local)
      const odd = async () =>
        Object.entries(await view.marks('clustered')).filter(
          ([, outcome]) => outcome !== 'found' && outcome !== 'error',
        )
      await expect.poll(odd, patient).toEqual([])
      expect(await lostIn('clustered')).toEqual([])
      await ask('restart')
      await confirm()
      await expect.poll(() => view.stateOf('sticky', 'b'), patient).toBe('up')
    })

    it('adds d: new misses in local, idle in sticky, its share in clustered', async () => {
      await press('[data-all=login]')
      await expect.poll(() => lostIn('sticky'), patient).toEqual([])
      await ask('add')
      await confirm()
      for (const lane of lanes) await expect.poll(() => view.stateOf(lane, 'd'), patient).toBe('up')
      for (let turn = 0; turn < 4; turn++) await openAll()
      await expect.poll(() => view.cell('clustered', 'd', 'requests').then(Number), patient).toBeGreaterThan(5)
      expect(await view.cell('clustered', 'd', 'hit')).toBe('100 %')
      expect(await view.cell('sticky', 'd', 'requests')).toBe('0')
      expect(await view.cell('local', 'd', 'hit')).toBe('0 %')
    })

    it('restarts all in turn: lost node by node in memory, nobody in clustered', async () => {
      await pace('10')
      await view.page.locator('[data-clock=live]').click()
      const errors = await view.figure('clustered', 'error')
      await ask('rolling')
      expect(Number(await losing('sticky'))).toBe(9)
      expect(await losing('clustered')).toBe('0')
      await confirm()
      await expect.poll(() => lostIn('sticky'), { timeout: 120_000, interval: 200 }).toHaveLength(9)
      // Not counted on the page: at ten requests a second its log soon shows only what came after.
      const done = () => console.stage.history().notices.filter(({ key }) => key === 'lane.rolling.done')
      await expect.poll(() => done().length, { timeout: 120_000, interval: 200 }).toBe(3)
      await view.page.locator('[data-clock=pause]').click()
      expect(await lostIn('clustered')).toEqual([])
      expect(await view.figure('clustered', 'lost')).toBe(0)
      expect(await view.figure('clustered', 'error')).toBe(errors)
    }, 300_000)

    it('stops Redis: unaffected in memory, clear 503s in clustered, whole again when it is back', async () => {
      await press('[data-all=login]')
      await expect.poll(() => lostIn('sticky'), patient).toEqual([])
      await ask('redis-stop')
      await confirm()
      await view.drawer('events')
      await expect.poll(() => view.page.locator('[data-notice="lane.redis-stop.done"]').count(), patient).toBe(1)
      await expect.poll(() => view.page.locator('.lane[data-lane=clustered] .redis.down').count(), patient).toBe(1)
      await view.choose('Bob')
      await view.deed('open')
      await expect.poll(() => view.mark('Bob', 'clustered'), patient).toBe('error')
      await expect.poll(() => view.mark('Bob', 'sticky'), patient).toBe('found')
      await view.drawer('why')
      await expect.poll(() => chain('clustered').locator('.line').textContent(), patient).toContain('503')
      await ask('redis-start')
      await confirm()
      const openAgain = async () => {
        await view.deed('open')
        return view.mark('Bob', 'clustered')
      }
      await expect.poll(openAgain, patient).toBe('found')
      expect(await lostIn('clustered')).toEqual([])
    })

    it('shows raw bytes and decoded ones, and whether a class instance comes back', async () => {
      await view.drawer('redis')
      const cells = view.page.locator('[data-field="sessionAttr:q"] td')
      await expect.poll(() => cells.nth(1).textContent(), patient).toMatch(/^"password-\w{6}"$/)
      const decoded = (await cells.nth(1).textContent()) ?? ''
      expect(await cells.nth(2).textContent()).toBe(decoded.replaceAll('"', '\\"'))
      const trial = async (codec: string) => {
        await view.page.locator('#codec-name').selectOption(codec)
        await view.page.getByRole('button', { name: view.t('codec.run'), exact: true }).click()
        return view.page.locator('[data-verdict]')
      }
      await expect.poll(async () => (await trial('json')).getAttribute('data-verdict'), patient).toBe('refused')
      expect(await view.page.locator('[data-verdict]').textContent()).toContain('SecurityContext')
      await expect.poll(async () => (await trial('raw-json')).getAttribute('data-verdict'), patient).toBe('changed')
      await expect.poll(async () => (await trial('registry')).getAttribute('data-verdict'), patient).toBe('same')
    })

    it('switches the codec: the bytes stay, nobody can read them, and switching back finds them again', async () => {
      const switchTo = async (codec: string) => {
        const done = () => console.stage.history().notices.filter(({ key }) => key === 'lane.codec.done').length
        const before = done()
        await ask('codec')
        await view.page.locator(`dialog input[value=${codec}]`).check()
        const preview = view.page.locator('dialog [data-preview=clustered]')
        const said = { text: await preview.textContent(), losing: Number(await preview.getAttribute('data-losing')) }
        await confirm()
        await expect.poll(done, { timeout: 120_000, interval: 100 }).toBe(before + 1)
        await openAll()
        return said
      }
      await press('[data-all=login]')
      await expect.poll(() => marksOf('Ivan').then(({ clustered }) => clustered), patient).toBe('fresh')
      const there = await switchTo('v8')
      expect(there.losing).toBe(9)
      expect(there.text).toContain(view.t('consequence.codec.absent', { from: 'json', to: 'v8', n: 9, all: 9 }))
      await expect.poll(() => unreadableIn('clustered'), patient).toHaveLength(9)
      expect(await lostIn('clustered')).toEqual([])
      expect(await unreadableIn('sticky')).toEqual([])
      await view.drawer('redis')
      await view.choose('Bob')
      const token = view.page.locator('[data-field="sessionAttr:q"]')
      await expect.poll(() => token.getAttribute('data-unreadable'), patient).toBe('true')
      await view.deed('login')
      await view.drawer('redis')
      await expect.poll(() => token.getAttribute('data-unreadable'), patient).toBe(null)
      await view.drawer('why')
      await view.choose('Carol')
      await expect
        .poll(() => chain('clustered').textContent(), patient)
        .toContain(view.t('why.redis.unreadable', { node: '@' }).split('@')[1])
      // Only Bob wrote since: the others' bytes are as the first codec left them.
      const back = await switchTo('json')
      expect(back.losing).toBe(1)
      await expect.poll(() => unreadableIn('clustered'), patient).toEqual(['Bob'])
      const unread = console.stage.traffic
        .views()
        .filter(({ lanes: { clustered } }) => clustered?.session === 'unreadable')
      expect(unread.map(({ name }) => name)).toEqual(['Bob'])
      expect(await view.page.locator('.lane[data-lane=clustered]').getAttribute('data-lane-gone')).toBe('0')
    }, 300_000)

    it('never made the browser complain', () => {
      expect(view.complaints).toEqual([])
    })
  })
}
