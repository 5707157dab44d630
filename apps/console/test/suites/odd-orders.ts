import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Console } from '../../server/console.ts'
import type { LaneId, RequestRecord } from '../../wire/record.ts'
import { type OpenPage, openPage } from '../browser.ts'
import { afresh, type Shared } from '../shared.ts'

const patient = { timeout: 60_000, interval: 100 }
/** What nobody would do first, and somebody does. */
export function oddOrdersSuite(shared: () => Shared): void {
  describe('in an odd order', () => {
    let console: Console
    let browser: Browser
    let view: OpenPage
    beforeAll(async () => {
      ;({ console, browser, view } = await afresh(shared(), '&lane=clustered'))
    })
    afterAll(() => view?.close())

    const keys = ({ why }: RequestRecord) => why.map(({ key }) => key)
    const outcomes = (records: readonly RequestRecord[]) =>
      Object.fromEntries(records.map(({ lane, outcome }) => [lane, outcome]))

    async function call(path: string, body: object): Promise<{ status: number; error?: string }> {
      const response = await fetch(new URL(`/api/${path}`, console.url), {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: new URL(console.url).origin },
        body: JSON.stringify(body),
      })
      return { status: response.status, ...((await response.json()) as object) }
    }

    describe('what a user does in an odd order', () => {
      it('a session that a write began is not lost when it is read: it only has nothing to answer with', async () => {
        const { traffic } = console.stage
        await traffic.everywhere('Alice', 'forget')
        await traffic.everywhere('Alice', 'write')
        for (let turn = 0; turn < 3; turn++) {
          const read = await traffic.everywhere('Alice', 'open')
          expect(outcomes(read)).toMatchObject({ sticky: 'found', clustered: 'found' })
          expect(read.map(({ outcome }) => outcome)).not.toContain('lost')
          for (const record of read) if (record.outcome === 'found') expect(keys(record)).toContain('session.empty')
        }
        await traffic.everywhere('Alice', 'login')
      })

      it('straight to a server that only one lane has: nothing is sent, and nothing counted, in the others', async () => {
        await console.stage.lane('clustered').actOnLane('add', {})
        const errors = () => [...console.stage.lanes.values()].map(({ tally }) => tally.totals.error)
        const before = errors()
        const records = await console.stage.traffic.everywhere('Bob', 'open', { via: 'd' })
        expect(outcomes(records)).toEqual({ clustered: 'found' })
        expect(errors()).toEqual(before)
      })

      it('while a server hangs, every request is still told of once, with all that was heard of it', async () => {
        const lane = console.stage.lane('local')
        await lane.actOnNode('b', 'freeze', {})
        for (let turn = 0; turn < 2; turn++)
          await Promise.all(console.stage.traffic.names.map((name) => console.stage.traffic.act(lane, name, 'open')))
        await lane.actOnNode('b', 'thaw', {})
        const records = console.stage.history().records.filter((record) => record.lane === 'local')
        const asked = records.slice(-18)
        expect(records.filter(({ user }) => user === undefined)).toEqual([])
        expect(asked.filter(({ hops }) => hops.length === 0)).toEqual([])
        expect(asked.filter((record) => record.status === 404 && keys(record).includes('node.answered'))).toEqual([])
      })
    })

    describe('what is done to servers in an odd order', () => {
      it('one that drains restarts and goes on draining, also in a rolling restart', async () => {
        const lane = console.stage.lane('sticky')
        const state = () => lane.upstreams.find(({ name }) => name === 'c')?.state
        await lane.actOnNode('c', 'drain', {})
        const before = lane.processes.incarnation('c')
        const began = performance.now()
        await lane.actOnNode('c', 'restart', {})
        await lane.actOnLane('rolling', {})
        // Waiting for the balancer to see it up would have taken 30 s, and failed.
        expect(performance.now() - began).toBeLessThan(29_000)
        expect(lane.processes.incarnation('c')).toBe(before + 2)
        await expect.poll(state, patient).toBe('draining')
        await lane.actOnNode('c', 'ready', {})
        await expect.poll(state, patient).toBe('up')
      })

      it('what is asked of all lanes is done where it comes to anything, and no lane complains', async () => {
        await console.stage.lane('local').actOnNode('b', 'crash', {})
        expect(await call('node', { lane: 'all', node: 'b', action: 'crash' })).toEqual({
          status: 200,
          done: expect.not.arrayContaining(['local']),
        })
        expect((await call('node', { lane: 'local', node: 'b', action: 'crash' })).status).toBe(409)
        const last = console.stage.history().notices.findLast(({ lane }) => lane === 'local')
        expect(last).toMatchObject({ key: 'node.failed', values: { node: 'b' } })
        expect((await call('node', { lane: 'all', node: 'b', action: 'restart' })).status).toBe(200)
      })

      it('a preview speaks only of lanes that have the server, and removing it there is no failure', async () => {
        const { page, t } = view
        await view.drawer('servers')
        await page
          .locator('.nodes')
          .getByRole('button', { name: t('mode.clustered'), exact: true })
          .click()
        await page.locator('.node-table [data-node=d]').waitFor()
        await page
          .locator('.node-table [data-node=d]')
          .getByRole('button', { name: t('do.more', { node: 'd' }) })
          .click()
        await page.locator('dialog [data-do=remove]').click()
        await expect.poll(() => page.locator('dialog [data-preview]').count(), patient).toBe(1)
        expect(await page.locator('dialog [data-preview]').getAttribute('data-preview')).toBe('clustered')
        await page.locator('dialog .primary').click()
        await expect.poll(() => page.locator('.node-table [data-node=d]').count(), patient).toBe(0)
        await expect.poll(() => console.stage.lane('clustered').busy, patient).toBeUndefined()
        expect(await page.locator('.trouble').count()).toBe(0)
      })

      it('while Redis is away no server is restarted into nothing, and the inspector does not say that there is no session', async () => {
        const lane = console.stage.lane('clustered')
        await lane.actOnLane('redis-stop', {})
        expect(await call('lane', { lane: 'clustered', action: 'codec', codec: 'v8' })).toMatchObject({ status: 409 })
        expect(lane.view().codec).toBe('json')
        expect(lane.view().nodes.map(({ process }) => process)).toEqual(['running', 'running', 'running'])
        const looked = await call('inspect/redis', { lane: 'clustered', user: 'Bob' })
        expect(looked).toEqual({ status: 200, key: null, hash: null, failure: expect.stringContaining('503') })
        await view.drawer('what-if')
        const rolling = view.page.locator('[data-ask=rolling]')
        await expect.poll(() => lane.view().redis?.state, patient).toBe('down')
        await rolling.click()
        await expect
          .poll(() => view.page.locator('dialog [data-preview=clustered]').textContent(), patient)
          .toContain(view.t('disabled.redis-away'))
        await view.page.keyboard.press('Escape')
        await expect.poll(() => view.page.locator('dialog').allTextContents(), patient).toEqual([])
        // Asked of all lanes, it is done where it can be had; they come in the order in which they came up.
        const added = await call('lane', { lane: 'all', action: 'add' })
        expect(added).toMatchObject({ status: 200, done: expect.arrayContaining(['local', 'sticky']) })
        expect(added).toMatchObject({ done: expect.not.arrayContaining(['clustered']) })
        await lane.actOnLane('redis-start', {})
        expect((await call('lane', { lane: 'clustered', action: 'rolling' })).status).toBe(200)
      })
    })

    describe('the page', () => {
      it('gives the keys back, and the focus, when the server that a dialog is about is removed', async () => {
        const { page, t } = view
        const lane = console.stage.lane('clustered')
        await lane.actOnLane('add', {})
        await view.drawer('servers')
        await page
          .locator('.nodes')
          .getByRole('button', { name: t('mode.clustered'), exact: true })
          .click()
        await page
          .locator('.node-table [data-node=d]')
          .getByRole('button', { name: t('do.more', { node: 'd' }) })
          .click()
        await page.locator('dialog').waitFor()
        await lane.actOnLane('remove', { node: 'd' })
        await expect.poll(() => page.locator('dialog').count(), patient).toBe(0)
        await expect.poll(() => page.evaluate(() => document.activeElement?.id), patient).toBe('stage')
        await page.keyboard.press('4')
        await expect
          .poll(() => page.locator('.lane[data-lane=sticky] .person.chosen').getAttribute('data-person'), patient)
          .toBe('Dave')
      })

      it('keeps the focus on a row’s button through a crash: it restarts from there', async () => {
        const { page, t } = view
        await view.drawer('servers')
        const row = page.locator('.node-table [data-node=c]')
        await row.getByRole('button', { name: t('nodes.for', { action: t('do.crash'), node: 'c' }) }).focus()
        await page.keyboard.press('Enter')
        await page.locator('dialog').waitFor()
        await page.getByRole('button', { name: t('do.one', { lane: t('mode.clustered') }) }).click()
        await page.locator('dialog .primary').press('Enter')
        await expect.poll(() => row.getAttribute('data-state'), patient).toBe('crashed')
        const restart = t('nodes.for', { action: t('do.restart'), node: 'c' })
        await expect
          .poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label')), patient)
          .toBe(restart)
        await console.stage.lane('clustered').actOnNode('c', 'restart', {})
      })

      it('does not go on showing one request of the log when somebody else is looked at', async () => {
        const { page } = view
        const shown = async (lane: LaneId) =>
          (await page.locator(`.why[data-why=${lane}]`).getAttribute('data-seq')) ?? ''
        await console.stage.traffic.everywhere('Erin', 'login')
        await console.stage.traffic.everywhere('Erin', 'open')
        await view.drawer('events')
        // Not her last one: that would be shown anyway.
        const row = page.locator('.events tbody tr[data-seq]').filter({ hasText: 'Erin' }).nth(3)
        await row.waitFor()
        const seq = (await row.getAttribute('data-seq')) ?? ''
        await row.getByRole('button').click()
        const lane = console.stage.history().records.find((record) => record.seq === Number(seq))?.lane ?? 'local'
        await expect.poll(() => shown(lane), patient).toBe(seq)
        await view.choose('Dave')
        await view.choose('Erin')
        const last = console.stage
          .history()
          .records.findLast((record) => record.lane === lane && record.user === 'Erin')
        await expect.poll(() => shown(lane), patient).toBe(String(last?.seq))
      })

      it('says of a stolen affinity cookie that it works', async () => {
        const { page, t } = view
        await view.choose('Alice')
        await view.drawer('cookie')
        const stolen = console.stage.traffic.stateOf('Bob', 'sticky')
        const card = page.locator('[data-side=sticky] [data-cookie=AFFINITY]')
        await card.locator('input').fill(stolen.jar.get('AFFINITY') ?? '')
        await card.getByRole('button', { name: t('cookie.forge.send') }).click()
        await expect
          .poll(() => card.locator('[data-forged]').textContent(), patient)
          .toBe(t('cookie.forge.affinity.stolen', { node: stolen.pinned ?? '' }))
      })

      it('asks the servers anew, in the drawer of the session, after the user has acted', async () => {
        const { page } = view
        const knowing = () => page.locator('[data-side=sticky] [data-knows=yes]').count()
        await view.drawer('session')
        await console.stage.traffic.everywhere('Alice', 'login')
        await expect.poll(knowing, patient).toBe(1)
        await console.stage.traffic.everywhere('Alice', 'forget')
        await expect.poll(knowing, patient).toBe(0)
      })

      it('knows the last request of somebody who has been idle for long', async () => {
        const { stage } = console
        await stage.traffic.everywhere('Ivan', 'login')
        for (let turn = 0; turn < 90; turn++) await stage.traffic.everywhere('Grace', 'open')
        const fresh = await openPage(browser, console.url, { hash: '&drawer=why&user=Ivan' })
        await expect
          .poll(() => fresh.page.locator('.why[data-why=sticky]').getAttribute('data-outcome'), patient)
          .toBe('fresh')
        await fresh.page.context().close()
      })

      it('asks again when the server turned it away, as it does when there are too many pages', async () => {
        const context = await browser.newContext()
        const page = await context.newPage()
        await page.route('**/api/stream', (route) => route.fulfill({ status: 503, body: '{}' }), { times: 1 })
        await page.goto(console.url)
        await page.locator('.lane [data-person]').first().waitFor({ timeout: 30_000 })
        await context.close()
      })

      it('shows how many requests were left out, without having each new count read out', async () => {
        const context = await browser.newContext()
        const page = await context.newPage()
        const whole = JSON.stringify({ ...console.stage.snapshot(), skipped: 3 })
        await page.route(
          '**/api/stream',
          (route) => route.fulfill({ contentType: 'text/event-stream', body: `retry: 1\ndata: ${whole}\n\n` }),
          { times: 1 },
        )
        await page.goto(`${console.url}#lang=en`)
        const banner = page.locator('[data-skipped]')
        await expect.poll(() => banner.textContent(), patient).toBe(view.t('skipped', { n: 3 }))
        expect(
          await banner.evaluate((element) => element.getAttribute('role') ?? element.getAttribute('aria-live')),
        ).toBe(null)
        await context.close()
      })

      it('never made the browser complain', () => {
        expect(view.complaints).toEqual([])
      })
    })
  })
}
