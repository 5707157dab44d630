import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Console } from '../../server/console.ts'
import type { NodeAction } from '../../wire/frame.ts'
import type { OpenPage } from '../browser.ts'
import { afresh, type Shared } from '../shared.ts'

const patient = { timeout: 60_000, interval: 100 }
/** Servers by their dialogs, the inspectors, and the events. */
export function actionsSuite(shared: () => Shared): void {
  describe('what the drawers do and show', () => {
    let console: Console
    let view: OpenPage
    beforeAll(async () => {
      ;({ console, view } = await afresh(shared(), '&lane=clustered'))
    })
    afterAll(() => view?.close())

    const upstream = (name: string) => console.stage.lane('clustered').upstreams.find((one) => one.name === name)
    const openAll = async () => {
      for (const name of console.stage.traffic.names) await console.stage.traffic.everywhere(name, 'open')
    }

    /** Does something to a node of the clustered lane through its dialog, as a person does. */
    async function toNode(node: string, action: NodeAction | 'remove', amount?: number): Promise<void> {
      const { page, t } = view
      await view.drawer('servers')
      await page
        .locator('.nodes')
        .getByRole('button', { name: t('mode.clustered'), exact: true })
        .click()
      await page
        .locator(`.node-table [data-node="${node}"]`)
        .getByRole('button', { name: t('do.more', { node }) })
        .click()
      await page.locator(`dialog [data-do=${action}]`).click()
      await page.locator('dialog [data-preview=clustered]').waitFor()
      await page.getByRole('button', { name: t('do.one', { lane: t('mode.clustered') }) }).click()
      if (amount !== undefined) await page.locator('dialog input[type=number]').fill(String(amount))
      await page.locator('dialog .primary').click()
    }

    describe('what can be done to a server', () => {
      it('a weight changes its share of the traffic', async () => {
        await toNode('a', 'weight', 0)
        await expect.poll(() => upstream('a')?.weight, patient).toBe(0)
        const before = await view.cell('clustered', 'a', 'requests')
        await openAll()
        expect(await view.cell('clustered', 'a', 'requests')).toBe(before)
        await toNode('a', 'weight', 1)
        await expect.poll(() => upstream('a')?.weight, patient).toBe(1)
      })

      it('maintenance takes it out of traffic while its process goes on', async () => {
        await toNode('a', 'maintenance')
        await expect.poll(() => view.stateOf('clustered', 'a'), patient).toBe('maintenance')
        const before = await view.cell('clustered', 'a', 'requests')
        await openAll()
        expect(await view.cell('clustered', 'a', 'requests')).toBe(before)
        await toNode('a', 'ready')
        await expect.poll(() => view.stateOf('clustered', 'a'), patient).toBe('up')
      })

      it('slow makes each of its answers later', async () => {
        await toNode('b', 'slow', 400)
        await expect.poll(() => console.stage.lane('clustered').slow.get('b'), patient).toBe(400)
        const [record] = await console.stage.traffic.everywhere('Alice', 'open', { via: 'b' }, ['clustered'])
        expect(record?.ms).toBeGreaterThanOrEqual(400)
        await toNode('b', 'slow', 0)
        await expect.poll(() => console.stage.lane('clustered').slow.get('b'), patient).toBe(0)
      })

      it('a graceful stop ends it, a restart brings it back', async () => {
        const lane = console.stage.lane('clustered')
        await lane.actOnNode('c', 'slow', { slowMs: 400 })
        expect(lane.view().nodes.find(({ name }) => name === 'c')?.slowMs).toBe(400)
        await toNode('c', 'stop')
        await expect.poll(() => view.stateOf('clustered', 'c'), patient).toBe('stopped')
        // Its next process does not know that it was slowed.
        expect(lane.view().nodes.find(({ name }) => name === 'c')?.slowMs).toBe(0)
        await openAll()
        expect(Object.values(await view.marks('clustered')).filter((outcome) => outcome !== 'found')).toEqual([])
        await toNode('c', 'restart')
        await expect.poll(() => view.stateOf('clustered', 'c'), patient).toBe('up')
      })

      it('a freeze hangs it until it is thawed, and what it held is not lost', async () => {
        await toNode('c', 'freeze')
        await expect.poll(() => view.stateOf('clustered', 'c'), patient).toBe('frozen')
        await expect.poll(() => upstream('c')?.state, patient).toBe('down')
        await toNode('c', 'thaw')
        await expect.poll(() => view.stateOf('clustered', 'c'), patient).toBe('up')
        expect(await view.figure('clustered', 'lost')).toBe(0)
      })

      it('remove takes it out for good, gracefully', async () => {
        await toNode('c', 'remove')
        await expect.poll(() => view.page.locator('.node-table [data-node=c]').count(), patient).toBe(0)
        await openAll()
        expect(await view.figure('clustered', 'error')).toBe(0)
      })
    })

    describe('the inspectors', () => {
      it('mark in Redis what the last request changed', async () => {
        const { page } = view
        await view.choose('Dave')
        await view.drawer('redis')
        await page.locator('[data-field="sessionAttr:q"]').waitFor()
        await console.stage.traffic.everywhere('Dave', 'write')
        await expect
          .poll(() => page.locator('[data-field="sessionAttr:cart"]').getAttribute('class'), patient)
          .toBe('new')
        expect(await page.locator('[data-field="sessionAttr:cart"]').textContent()).toContain('["tea"]')
        expect(await page.locator('[data-field="sessionAttr:q"]').getAttribute('class')).toBe('same')
        const key = page.locator('.path [data-key]')
        expect(await key.textContent()).toMatch(/^session-cluster:sessions:.+…/)
        await page.locator('[data-reveal]').click()
        await expect.poll(() => key.textContent(), patient).not.toContain('…')
      })

      it('show why a forged cookie is refused, and that a stolen one is not', async () => {
        const { page, t } = view
        await view.drawer('cookie')
        const card = page.locator('[data-side=clustered] [data-cookie=SESSION]')
        const send = async (value: string) => {
          await card.locator('input').fill(value)
          await card.getByRole('button', { name: t('cookie.forge.send') }).click()
        }
        await send('certainly-no-id')
        await expect.poll(() => card.locator('[data-forged]').textContent(), patient).toContain('404')
        expect(await card.locator('[data-forged]').textContent()).toContain(
          t('why.session.malformed', { node: '' }).trim().replace(/^: /, ''),
        )
        const stolen = console.stage.traffic.stateOf('Erin', 'clustered').jar.get('SESSION') ?? ''
        await send(stolen)
        await expect.poll(() => card.locator('[data-forged]').textContent(), patient).toBe(t('cookie.forge.accepted'))
      })

      it('show that nobody can aim at a server with a forged affinity cookie', async () => {
        const { page, t } = view
        const card = page.locator('[data-side=sticky] [data-cookie=AFFINITY]')
        await card.locator('input').fill('aGFja2Vk')
        await card.getByRole('button', { name: t('cookie.forge.send') }).click()
        const words = t('cookie.forge.affinity', { node: '@' }).split('@')[0] as string
        await expect.poll(() => card.locator('[data-forged]').textContent(), patient).toContain(words)
        await view.drawer('why')
        await expect
          .poll(() => page.locator('.why[data-why=sticky] .chain').textContent(), patient)
          .toContain(t('why.affinity.unknown'))
      })

      it('ask every server whom it takes the user for', async () => {
        const { page } = view
        await view.drawer('session')
        const knowing = (lane: string) => page.locator(`[data-side=${lane}] [data-knows=yes]`).count()
        await expect.poll(() => knowing('sticky'), patient).toBe(1)
        await expect.poll(() => knowing('clustered'), patient).toBe(2)
      })
    })

    describe('the events', () => {
      it('can be held, and let in one by one', async () => {
        const { page, t } = view
        await view.drawer('events')
        await page.locator('[data-hold]').click()
        const rows = page.locator('.events tbody tr')
        const top = await rows.first().getAttribute('data-seq')
        const waiting = () => page.locator('[data-waiting]').getAttribute('data-waiting')
        await expect.poll(waiting, patient).toBe('0')
        await console.stage.traffic.everywhere('Dave', 'open')
        await expect.poll(waiting, patient).toBe('3')
        expect(await page.locator('[data-waiting]').textContent()).toBe(t('log.held', { n: 3 }))
        expect(await rows.first().getAttribute('data-seq')).toBe(top)
        await page.getByRole('button', { name: t('log.step'), exact: true }).click()
        await expect.poll(() => rows.first().getAttribute('data-seq'), patient).not.toBe(top)
        await expect.poll(waiting, patient).toBe('2')
        await page.locator('[data-hold]').click()
        await expect.poll(() => page.locator('[data-waiting]').count(), patient).toBe(0)
      })

      it('show a stranger’s request too, and judge it by no token', async () => {
        const { balancerUrl } = console.stage.lane('clustered').host
        await view.drawer('events')
        const before = console.stage.lane('clustered').tally.totals
        const counts = { ...before }
        await fetch(`${balancerUrl}/get`)
        await expect
          .poll(() => view.page.locator('.events tbody').textContent(), patient)
          .toContain(view.t('log.visitor'))
        expect(before).toEqual({ ...counts, none: counts.none + 1 })
      })

      it('lead to why', async () => {
        const { page } = view
        await view.drawer('events')
        const row = page.locator('.events tbody tr[data-seq]').filter({ hasText: 'Dave' }).first()
        const seq = await row.getAttribute('data-seq')
        await row.getByRole('button').click()
        await expect.poll(() => page.locator(`.why[data-seq="${seq}"]`).count(), patient).toBe(1)
        expect(await page.locator('.drawer').getAttribute('data-open')).toBe('why')
      })

      it('never made the browser complain', () => {
        expect(view.complaints).toEqual([])
      })
    })
  })
}
