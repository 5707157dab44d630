// biome-ignore-all lint/performance/useDomNodeTextContent: what is rendered is what a reader sees
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestNode, testNode } from '../test-node.ts'

const AXE = readFileSync(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
const SWITCHES = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

let browser: Browser
let [a, b]: TestNode[] = []
let [urlOfA, urlOfB] = ['', '']

beforeAll(async () => {
  const executablePath = process.env.CHROMIUM
  if (!executablePath) throw new Error('CHROMIUM must hold the path of a Chromium or Chrome')
  browser = await chromium.launch({ executablePath, args: SWITCHES })
  a = await testNode({ NODE_NAME: 'a', NEIGHBOURS: 'balancer=8000,a=8080,b=8081,c=8082' })
  b = await testNode({ NODE_NAME: 'b' })
  urlOfA = await listen(a)
  urlOfB = await listen(b)
})
afterAll(async () => {
  await browser?.close()
  await Promise.all([a, b].map((node) => node?.[Symbol.asyncDispose]()))
})

async function listen({ app }: TestNode): Promise<string> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
}

/** A page in a browser of its own, with all that its console complained of; 404 is an answer here, not a fault. */
async function open(
  url: string,
  options: { locale?: string; width?: number; dark?: boolean; javaScriptEnabled?: boolean } = {},
) {
  const { locale = 'en-US', width = 1280, dark = false, javaScriptEnabled = true } = options
  const colorScheme = dark ? ('dark' as const) : ('light' as const)
  const context = await browser.newContext({ locale, viewport: { width, height: 800 }, colorScheme, javaScriptEnabled })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('404')) complaints.push(message.text())
  })
  await page.goto(url)
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() }
}

const press = (page: Page, action: string, index = 0) =>
  page.locator(`form[action="${action}"] button`).nth(index).click()
const newest = (page: Page) => page.locator('[data-list] > li').first().innerText()

describe('the start page', () => {
  it('answers each button in place, with the node, the status and the text', async () => {
    await using tab = await open(urlOfA)
    await press(tab.page, '/get')
    await expect.poll(() => newest(tab.page)).toMatch(/^a\s+GET \/get\s+– 404\s+404 No session cookie came/)
    await tab.page.locator('#field-q').fill('a & <b>한글 100%')
    await press(tab.page, '/set')
    await expect.poll(() => newest(tab.page)).toContain('Saved: a & <b>한글 100%')
    await press(tab.page, '/get')
    await expect.poll(() => newest(tab.page)).toMatch(/^a\s+GET \/get\s+✓ 200\s+a & <b>한글 100%$/)
    for (const [action, answer] of [
      ['/login', 'Logged in: alice'],
      ['/counter', '1'],
      ['/cart/add', '["apple"]'],
      ['/whoami', '"user": "alice"'],
      ['/logout', 'Logged out'],
    ] as const) {
      await press(tab.page, action)
      await expect.poll(() => newest(tab.page)).toContain(answer)
    }
    expect(tab.complaints).toEqual([])
  })

  it('shows ten reads as one line of marks', async () => {
    await using tab = await open(urlOfA)
    await press(tab.page, '/set')
    await expect.poll(() => newest(tab.page)).toContain('Saved:')
    await press(tab.page, '/get', 1)
    await expect
      .poll(() => tab.page.locator('.strip > span').allInnerTexts())
      .toEqual(Array.from({ length: 10 }, () => 'a ✓'))
  })

  it('says on the next node why the session is not there', async () => {
    await using tab = await open(`${urlOfA}/set?q=password`)
    expect(await tab.page.innerText('body')).toBe('Saved: password')
    await tab.page.goto(urlOfB)
    expect(await tab.page.innerText('main')).toContain('No such session there')
    await tab.page.goto(`${urlOfB}/get`)
    expect(await tab.page.innerText('h1')).toBe('Server b does not know this session')
    await tab.page.click('text=To the start page')
    expect(await tab.page.innerText('h1')).toBe('Server b')
  })

  it('works without scripts too', async () => {
    await using tab = await open(urlOfA, { javaScriptEnabled: false })
    await press(tab.page, '/counter')
    await tab.page.waitForURL(`${urlOfA}/`)
    expect(await tab.page.innerText('main')).toContain('counter')
    expect(await tab.page.locator('[data-answers]').isVisible()).toBe(false)
  })

  it('is usable with the keyboard alone', async () => {
    await using tab = await open(urlOfA)
    await tab.page.locator('#field-q').focus()
    await tab.page.keyboard.press('Enter')
    await expect.poll(() => newest(tab.page)).toContain('Saved: password')
    await tab.page.keyboard.press('Tab')
    await tab.page.keyboard.press('Tab')
    await tab.page.keyboard.press('Space')
    await expect.poll(() => newest(tab.page)).toMatch(/GET \/get\s+✓ 200/)
  })
})

describe.each([360, 1280])('at %i px', (width) => {
  it.each([
    ['en-US', false],
    ['en-US', true],
    ['ko-KR', false],
    ['ko-KR', true],
  ])('in %s, dark %s: nothing overflows, and axe finds nothing', async (locale, dark) => {
    await using tab = await open(urlOfA, { locale, width, dark })
    await press(tab.page, '/set')
    await expect.poll(() => newest(tab.page)).toContain('200')
    await press(tab.page, '/whoami')
    await expect.poll(() => newest(tab.page)).toContain('JSESSIONID')
    await expectSound(tab.page)
    for (const url of [urlOfA, urlOfB, `${urlOfB}/get`, `${urlOfB}/nowhere`]) {
      await tab.page.goto(url)
      await expectSound(tab.page)
    }
    expect(tab.complaints).toEqual([])
  })
})

async function expectSound(page: Page): Promise<void> {
  const wide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  expect([page.url(), wide]).toEqual([page.url(), 0])
  const { violations } = (await page.evaluate(`${AXE}; axe.run()`)) as {
    violations: { id: string; nodes: { html: string }[] }[]
  }
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([])
}
