import { beforeAll, describe, expect, it } from 'vitest'
import type { Console } from '../server/console.ts'
import type { OpenPage } from './browser.ts'
import { withConsole } from './with-console.ts'

const patient = { timeout: 90_000, interval: 100 }
let console: Console
let view: OpenPage

withConsole(
  (opened) => {
    ;({ console, view } = opened)
  },
  { hash: '&tour=1.1' },
)

/** What each step's reveal must say about each lane; a share or a list of nodes as a pattern. */
const truth: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  '1.2': { local: /found/, sticky: /found/, clustered: /found/ },
  '1.3': { local: /no session/, sticky: /no session/, clustered: /no session/ },
  '2.1': { local: /not here/, sticky: /not here/, clustered: /found/ },
  '2.2': { local: /[34] of 10 found/, sticky: /of 10 found/, clustered: /10 of 10 found/ },
  '3.2': { local: / a, b, c/, sticky: /^Sticky \w$/, clustered: / a, b, c/ },
  '4.1': { local: /b 3\d\s%/, sticky: /a 0\s% · b 100\s% · c 0\s%/, clustered: /b 3\d\s%/ },
  '5.1': { local: /lost/, sticky: /lost/, clustered: /found/ },
  '5.2': { local: /lost/, sticky: /lost/, clustered: /found/ },
  '6.1': { sticky: /d 0\s%/, clustered: /d 2\d\s%/ },
  '6.2': { clustered: /found/ },
  '6.3': { local: /found|not here/, sticky: /found/, clustered: /error/ },
}

it('sets the stage first: what was crashed, drained or stopped before comes back, and the step shows what it teaches', async () => {
  const { page } = view
  const { stage } = console
  await Promise.all([...stage.lanes.values()].map((lane) => lane.actOnNode('b', 'crash', {})))
  await stage.lane('sticky').actOnNode('a', 'drain', {})
  await stage.lane('clustered').actOnLane('redis-stop', {})
  await expect.poll(() => view.stateOf('clustered', 'b'), patient).toBe('crashed')
  await expect.poll(() => view.stateOf('sticky', 'a'), patient).toBe('draining')
  await page.evaluate(() => {
    location.hash = '#lang=en&tour=2.1'
  })
  await page.locator('.tour input').first().check()
  await page.locator('.tour .primary').click()
  await expect.poll(() => page.locator('.tour').getAttribute('data-phase'), patient).toBe('revealed')
  for (const [lane, pattern] of Object.entries(truth['2.1'] ?? {}))
    await expect.poll(() => page.locator(`[data-happened=${lane}]`).textContent(), patient).toMatch(pattern)
  expect(await view.stateOf('sticky', 'a')).toBe('up')
}, 200_000)

it('is as true in any other order: by links, backwards, and a second time', async () => {
  const { page } = view
  for (const lane of console.stage.lanes.values()) await lane.actOnNode('a', 'weight', { weight: 0 })
  await console.stage.lane('local').actOnLane('remove', { node: 'c' })
  console.stage.lane('sticky').on = false
  for (const here of ['5.2', '5.1', '4.1', '1.2', '1.3', '6.3', '2.2', '6.2', '5.1', '3.2']) {
    await page.evaluate((step) => {
      location.hash = `#lang=en&tour=${step}`
    }, here)
    await expect.poll(() => page.locator('.tour').getAttribute('data-step'), patient).toBe(here)
    await page.locator('.tour .primary').click()
    await expect.poll(() => page.locator('.tour').getAttribute('data-phase'), patient).toBe('revealed')
    // At once: what was there before the step must not show, not even for a moment.
    for (const [lane, pattern] of Object.entries(truth[here] ?? {}))
      expect(await page.locator(`[data-happened=${lane}]`).textContent(), `${here} ${lane}`).toMatch(pattern)
    expect(await page.locator('.trouble').allTextContents(), `${here} went wrong`).toEqual([])
  }
}, 400_000)

it('does one thing at a time: nobody leaves a step while it is being done', async () => {
  const { page } = view
  await page.evaluate(() => {
    location.hash = '#lang=en&tour=6.1'
  })
  await expect.poll(() => page.locator('.tour').getAttribute('data-step'), patient).toBe('6.1')
  await page.locator('.tour .primary').click()
  await expect.poll(() => page.locator('.tour').getAttribute('data-phase'), patient).toBe('working')
  await page.keyboard.press('ArrowLeft')
  await page.locator('.tour .steps button').first().click({ force: true })
  await page.locator('.tour .primary').click({ force: true })
  expect(await page.evaluate(() => document.activeElement?.className)).toBe('primary')
  await expect.poll(() => page.locator('.tour').getAttribute('data-phase'), patient).toBe('revealed')
  expect(await page.locator('.tour').getAttribute('data-step')).toBe('6.1')
})

it('holds the traffic still for each step, though another browser let it go, and gives it back at the end', async () => {
  const { page } = view
  const { traffic } = console.stage
  await page.evaluate(() => {
    location.hash = '#lang=en&tour=1.1'
  })
  await expect.poll(() => page.locator('.tour').getAttribute('data-step'), patient).toBe('1.1')
  traffic.setClock({ running: true })
  await expect
    .poll(() => page.locator('.run [aria-pressed=true]').first().textContent(), patient)
    .toContain(view.t('clock.live'))
  await page.locator('.tour .primary').click()
  await expect.poll(() => page.locator('.tour').getAttribute('data-phase'), patient).toBe('revealed')
  expect(traffic.clock.running).toBe(false)
  await page.getByRole('button', { name: view.t('tour.close') }).press('Enter')
  await expect.poll(() => traffic.clock.running, patient).toBe(true)
  expect(await page.evaluate(() => document.activeElement?.className)).toBe('invite')
  traffic.setClock({ running: false })
})

it('goes by the browser’s back and forward, and only by steps of the tour: how the page is read stays', async () => {
  const { page } = view
  const entries = () => page.evaluate(() => history.length)
  /** What shows, and the same from the address: step and language. */
  const at = () =>
    page.evaluate(() => {
      const address = new URLSearchParams(location.hash.slice(1))
      const shown = [document.querySelector('.tour')?.getAttribute('data-step'), document.documentElement.lang]
      return [...shown, address.get('tour') ?? undefined, address.get('lang')]
    })
  await page.evaluate(() => {
    location.hash = '#lang=en&user=Heidi&lane=clustered&tab=redis'
  })
  await expect.poll(() => page.locator('[data-user=Heidi]').getAttribute('aria-pressed'), patient).toBe('true')
  const before = await entries()
  await page.keyboard.press('t')
  await expect.poll(at, patient).toEqual(['1.1', 'en', '1.1', 'en'])
  await page.locator('.tour .steps button').nth(2).click()
  await expect.poll(at, patient).toEqual(['3.1', 'en', '3.1', 'en'])
  expect(await entries()).toBe(before + 2)
  for (const key of ['g', 'd', '3', 'l', 'v', 'd']) await page.keyboard.press(key)
  await expect.poll(at, patient).toEqual(['3.1', 'ko', '3.1', 'ko'])
  expect(await entries()).toBe(before + 2)
  await page.keyboard.press('?')
  await page.locator('dialog').waitFor()
  await page.goBack()
  await expect.poll(at, patient).toEqual(['1.1', 'ko', '1.1', 'ko'])
  expect(await page.locator('dialog').count()).toBe(0)
  await page.goBack()
  await expect.poll(at, patient).toEqual([undefined, 'ko', undefined, 'ko'])
  expect(await page.locator('[data-user=Heidi]').getAttribute('aria-pressed')).toBe('true')
  expect(await page.locator('#tab-redis').getAttribute('aria-selected')).toBe('true')
  // Two in one moment, to and fro: nothing is written between them, so that the way on is still there.
  for (const by of [2, -2, 2]) {
    await page.evaluate((step) => {
      addEventListener('popstate', () => history.go(step), { once: true })
      history.go(step)
    }, by / 2)
    await expect.poll(at, patient).toEqual(by > 0 ? ['3.1', 'ko', '3.1', 'ko'] : [undefined, 'ko', undefined, 'ko'])
  }
  await page.keyboard.press('g')
  await page.keyboard.press('Escape')
  await expect.poll(at, patient).toEqual([undefined, 'en', undefined, 'en'])
  await page.goBack()
  await expect.poll(at, patient).toEqual(['3.1', 'en', '3.1', 'en'])
})

describe('leaving the tour', () => {
  const running = () => console.stage.traffic.clock.running
  const pressed = (name: 'clock.live' | 'clock.pause') =>
    view.page.getByRole('button', { name: view.t(name) }).getAttribute('aria-pressed')

  beforeAll(async () => {
    await view.page.evaluate(() => {
      location.hash = '#lang=en'
    })
    await view.page.locator('.tour').waitFor({ state: 'detached' })
  })

  it.each([
    ['Escape', 'by Escape, even from a guess'],
    ['t', 'by its key'],
  ])('%s: the traffic goes on if it went before, %s', async (key) => {
    const { page, t } = view
    await page.getByRole('button', { name: t('clock.live') }).click()
    await expect.poll(() => pressed('clock.live'), patient).toBe('true')
    await page.getByRole('button', { name: t('tour.open'), exact: true }).click()
    await expect.poll(() => pressed('clock.pause'), patient).toBe('true')
    expect(running()).toBe(false)
    if (key === 'Escape') {
      await page.evaluate(() => {
        location.hash = '#lang=en&tour=1.2'
      })
      await page.locator('.tour input').first().focus()
    }
    await page.keyboard.press(key)
    await expect.poll(() => page.locator('.tour').count(), patient).toBe(0)
    await expect.poll(() => pressed('clock.live'), patient).toBe('true')
    expect(running()).toBe(true)
  })

  it('the traffic goes on after a reload in between, too', async () => {
    const { page, t } = view
    await page.getByRole('button', { name: t('clock.live') }).click()
    await expect.poll(() => pressed('clock.live'), patient).toBe('true')
    await page.keyboard.press('t')
    await expect.poll(() => pressed('clock.pause'), patient).toBe('true')
    await page.reload()
    await page.locator('.tour').waitFor()
    await expect.poll(() => page.locator('.kpi').count(), patient).toBe(3)
    await page.keyboard.press('Escape')
    await expect.poll(() => pressed('clock.live'), patient).toBe('true')
    expect(running()).toBe(true)
  })

  it('the traffic stays at rest if it rested before', async () => {
    const { page, t } = view
    await page.getByRole('button', { name: t('clock.pause') }).click()
    await expect.poll(() => pressed('clock.pause'), patient).toBe('true')
    await page.keyboard.press('t')
    await page.locator('.tour').waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => page.locator('.tour').count(), patient).toBe(0)
    // A call for the clock would have been sent before this one, and answered before it.
    await page.evaluate(async () => (await fetch('/')).status)
    expect(running()).toBe(false)
  })

  it('Escape leaves presenting too, but not while a dialog is open: that closes first', async () => {
    const { page } = view
    await page.keyboard.press('p')
    await page.locator('.presenting').waitFor()
    await page.keyboard.press('?')
    await page.locator('dialog').waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => page.locator('dialog').count(), patient).toBe(0)
    expect(await page.locator('.presenting').count()).toBe(1)
    await page.keyboard.press('Escape')
    await expect.poll(() => page.locator('.presenting').count(), patient).toBe(0)
    expect(view.complaints).toEqual([])
  })
})
