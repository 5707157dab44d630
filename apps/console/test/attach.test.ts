import { type Cluster, startCluster } from '@session-cluster/cluster'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../server/config.ts'
import { type Console, startConsole } from '../server/console.ts'
import { type OpenPage, openBrowser, openPage } from './browser.ts'

const token = 'an-admin-token-of-this-test'
const patient = { timeout: 60_000, interval: 200 }
let cluster: Cluster
let console: Console
let browser: Browser
let view: OpenPage

beforeAll(async () => {
  // Somebody else's cluster, its nodes behind a token, as containers run them.
  cluster = await startCluster({ mode: 'clustered', nodes: 3, nodeEnv: { ADMIN_TOKEN: token } })
  const nodes = cluster.nodes.map(({ name, adminUrl }) => `${name}=${adminUrl}`).join(',')
  const lane = `mode=clustered,balancer=${cluster.balancer.url},admin=${cluster.balancer.adminUrl},redis=${cluster.redis?.url},${nodes}`
  console = await startConsole(readConfig({ LANES: lane, ADMIN_TOKEN: token, CONSOLE_PORT: '0' }), { running: false })
  await console.stage.ready
  browser = await openBrowser()
  view = await openPage(browser, console.url)
})
afterAll(async () => {
  await browser?.close()
  await console?.[Symbol.asyncDispose]()
  await cluster?.[Symbol.asyncDispose]()
})

describe('a console that is attached to a running cluster', () => {
  it('shows its one lane, with its users on real traffic', async () => {
    await view.choose('Bob')
    await view.deed('open')
    await expect.poll(() => view.mark('Bob', 'clustered'), patient).toBe('found')
    expect(await view.page.locator('.lane').count()).toBe(1)
    expect(await view.page.locator('.lane .chip').textContent()).toBe(view.t('lane.attached'))
  })

  it('shows what it cannot do, with the reason', async () => {
    const add = view.page.locator('[data-ask=add]')
    expect(await add.getAttribute('aria-disabled')).toBe('true')
    expect(await add.getAttribute('title')).toBe(view.t('disabled.not-parent'))
    await add.click({ force: true })
    expect(await view.page.locator('.trouble').textContent()).toContain(view.t('disabled.not-parent'))
    expect(await view.page.locator('dialog').count()).toBe(0)
    const response = await view.page.evaluate(() =>
      fetch('/api/lane', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"lane":"all","action":"add"}',
      }).then(({ status }) => status),
    )
    expect(response).toBe(409)
    expect(cluster.nodes).toHaveLength(3)
  })

  it('crashes a node through its own admin port, by the token, and sees it come back', async () => {
    const pid = cluster.node('b').pid
    await view.page.locator('[data-ask=crash]').click()
    await view.page.locator('dialog .primary').click()
    await expect.poll(() => view.stateOf('clustered', 'b'), patient).toBe('crashed')
    await expect.poll(() => cluster.node('b').state, patient).toBe('crashed')
    await view.deed('open')
    await expect.poll(() => view.mark('Bob', 'clustered'), patient).toBe('found')
    // What `restart: always` does for a container.
    await cluster.node('b').start()
    await expect.poll(() => view.stateOf('clustered', 'b'), patient).toBe('up')
    expect(cluster.node('b').pid).not.toBe(pid)
  })

  it('drains through the balancer’s admin port', async () => {
    await view.page
      .locator('.node-table [data-node=c]')
      .getByRole('button', { name: view.t('nodes.for', { action: view.t('do.drain'), node: 'c' }) })
      .click()
    await view.page.locator('dialog .primary').click()
    await expect.poll(() => view.stateOf('clustered', 'c'), patient).toBe('draining')
    expect((await cluster.balancer.upstreams()).find(({ name }) => name === 'c')?.state).toBe('draining')
    await view.page
      .locator('.node-table [data-node=c]')
      .getByRole('button', { name: view.t('nodes.for', { action: view.t('do.ready'), node: 'c' }) })
      .click()
    await view.page.locator('dialog .primary').click()
    await expect.poll(() => view.stateOf('clustered', 'c'), patient).toBe('up')
  })

  it('freezes a node for a while: it answers late, and nothing is lost', async () => {
    await console.stage.lane('clustered').actOnNode('a', 'freeze', { freezeMs: 300 })
    await view.deed('open10')
    await expect.poll(() => view.mark('Bob', 'clustered'), patient).toBe('found')
    expect(await view.figure('clustered', 'lost')).toBe(0)
  })
})

describe('a console without the token', () => {
  it('says that the servers refuse it, and does not hang', async () => {
    const lane = `mode=clustered,balancer=${cluster.balancer.url},admin=${cluster.node('a').adminUrl},a=${cluster.node('a').adminUrl}`
    await using other = await startConsole(readConfig({ LANES: lane, CONSOLE_PORT: '0' }), { running: false })
    await other.stage.ready
    expect(other.stage.laneViews()[0]).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('refused ADMIN_TOKEN'),
    })
  })
})
