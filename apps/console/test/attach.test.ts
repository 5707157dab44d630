import { type Cluster, freePort, startCluster } from '@session-cluster/cluster'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../server/config.ts'
import { type Console, startConsole } from '../server/console.ts'
import { translator } from '../web/src/i18n/translate.ts'
import { type OpenPage, openBrowser, openPage } from './browser.ts'

const token = 'an-admin-token-of-this-test'
const patient = { timeout: 60_000, interval: 200 }
let cluster: Cluster
let open: (port?: string) => Promise<Console>
let console: Console
let browser: Browser
let view: OpenPage

beforeAll(async () => {
  // Somebody else's cluster, its nodes behind a token, as containers run them.
  cluster = await startCluster({ mode: 'clustered', nodes: 3, nodeEnv: { ADMIN_TOKEN: token } })
  const nodes = cluster.nodes.map(({ name, adminUrl }) => `${name}=${adminUrl}`).join(',')
  const lane = `mode=clustered,balancer=${cluster.balancer.url},admin=${cluster.balancer.adminUrl},redis=${cluster.redis?.url},${nodes}`
  open = async (port = '0') => {
    const opened = await startConsole(readConfig({ LANES: lane, ADMIN_TOKEN: token, CONSOLE_PORT: port }), {
      running: false,
    })
    await opened.stage.ready
    return opened
  }
  // A port that nobody is given by chance while the server is away.
  console = await open(String(await freePort()))
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
    await view.drawer('servers')
    expect(await view.page.locator('[data-figures] .chip').textContent()).toBe(view.t('lane.attached'))
  })

  it('shows what it cannot do, with the reason', async () => {
    await view.drawer('what-if')
    const add = view.page.locator('[data-ask=add]')
    expect(await add.getAttribute('aria-disabled')).toBe('true')
    expect(await add.textContent()).toContain(view.t('disabled.not-parent'))
    await add.click({ force: true })
    expect(await view.page.locator('.trouble').textContent()).toContain(view.t('disabled.not-parent'))
    await view.page.keyboard.press('g')
    await expect
      .poll(() => view.page.locator('.trouble').textContent(), patient)
      .toContain(translator('ko')('disabled.not-parent'))
    await view.page.keyboard.press('g')
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
    await view.drawer('what-if')
    await view.page.locator('[data-ask=crash]').click()
    await view.page.locator('dialog .primary').click()
    await expect.poll(() => view.stateOf('clustered', 'b'), patient).toBe('crashed')
    await expect.poll(() => cluster.node('b').state, patient).toBe('crashed')
    await view.deed('open')
    await expect.poll(() => view.mark('Bob', 'clustered'), patient).toBe('found')
    // Somebody else has crashed it: nobody is offered to do it again.
    await view.page.keyboard.press('b')
    await view.page.locator('dialog [data-preview=clustered]').waitFor()
    const primary = view.page.locator('dialog .primary')
    expect(await primary.getAttribute('aria-disabled')).toBe('true')
    expect(await primary.evaluate((element) => element === document.activeElement)).toBe(true)
    await view.page.keyboard.press('Escape')
    // What `restart: always` does for a container.
    await cluster.node('b').start()
    await expect.poll(() => view.stateOf('clustered', 'b'), patient).toBe('up')
    expect(cluster.node('b').pid).not.toBe(pid)
  })

  it('drains through the balancer’s admin port', async () => {
    await view.drawer('servers')
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

describe('a console whose server ends and begins anew under an open page', () => {
  let page: OpenPage
  const held = () => page.page.locator('[data-waiting]').allTextContents()
  beforeAll(async () => {
    page = await openPage(browser, console.url, { lang: 'ko', hash: '&user=Bob&drawer=events' })
  })

  it('is said to be away in the page’s language, and what is tried meanwhile too', async () => {
    await page.page.locator('[data-hold]').click()
    await expect.poll(held, patient).toEqual([page.t('log.held', { n: 0 })])
    const { port } = new URL(console.url)
    await console[Symbol.asyncDispose]()
    await expect.poll(() => page.page.locator('.live').textContent(), patient).toBe(page.t('connection.broken'))
    expect(await page.page.locator('.say').getAttribute('data-says')).toBe('say.broken')
    await page.drawer('what-if')
    await page.page.locator('[data-deed=open]').click()
    await expect
      .poll(() => page.page.locator('.trouble').textContent(), patient)
      .toContain(page.t('disabled.server-away'))
    console = await open(port)
  })

  it('is there again by itself: nothing that is over is still complained of, and the log that was held has what came since', async () => {
    await expect.poll(() => page.page.locator('.unheard').count(), patient).toBe(0)
    await expect.poll(() => page.page.locator('.trouble').count(), patient).toBe(0)
    expect(await page.page.locator('html').getAttribute('lang')).toBe('ko')
    // What the server has told of so far: a late event may come while one looks.
    const told = () => {
      const { records, notices } = console.stage.snapshot()
      return records.length + notices.length
    }
    expect(told()).toBeGreaterThanOrEqual(9)
    await page.drawer('events')
    await expect.poll(async () => (await held())[0] === page.t('log.held', { n: told() }), patient).toBe(true)
    await page.page.locator('[data-hold]').click()
    await expect.poll(async () => (await page.page.locator('.events tbody tr').count()) === told(), patient).toBe(true)
    await page.drawer('cookie')
    const cookie = console.stage.traffic.stateOf('Bob', 'clustered').jar.get('SESSION') ?? ''
    await expect
      .poll(() => page.page.locator('[data-cookie=SESSION] dd code').first().textContent(), patient)
      .toContain(cookie.slice(-2))
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
