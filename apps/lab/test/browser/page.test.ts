import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exampleReport } from '../../src/report/example.ts'
import { reportPage } from '../../src/report/page.ts'
import { outFolder } from '../out-folder.ts'

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

let browser: Browser
let folder: Awaited<ReturnType<typeof outFolder>>
let address: string

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: quiet })
  folder = await outFolder()
  const path = join(folder.path, 'report.html')
  await writeFile(path, await reportPage(exampleReport))
  address = `file://${path}`
})

afterAll(async () => {
  await browser?.close()
  await folder?.[Symbol.asyncDispose]()
})

async function open({ language, theme, width }: { language: string; theme: string; width: number }) {
  const page = await browser.newPage({ viewport: { width, height: 900 } })
  const faults: string[] = []
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('request', (request) => request.url().startsWith('file:') || faults.push(`asked for ${request.url()}`))
  await page.goto(`${address}?lang=${language}&theme=${theme}`)
  return { page, faults, [Symbol.asyncDispose]: () => page.close() }
}

const looks = ['en', 'ko'].flatMap((language) =>
  ['light', 'dark'].flatMap((theme) => [360, 1024, 1920].map((width) => ({ language, theme, width }))),
)

describe.each(looks)('the report in $language, $theme, $width px wide', (look) => {
  it('fits, asks for nothing, and no words of a plot cover each other or are cut off', async () => {
    await using opened = await open(look)
    expect(await sidewaysOverflow(opened.page)).toBe(0)
    expect(await crowdedWords(opened.page)).toEqual([])
    expect(opened.faults).toEqual([])
  })
})

it('would notice words that cover each other, and words that are cut off', async () => {
  await using opened = await open({ language: 'en', theme: 'light', width: 1024 })
  const { page } = opened
  await page.evaluate(() => {
    const plot = document.querySelector('div[lang="en"] > svg.plot')
    for (const x of [50, 60, 5000]) {
      const word = document.createElementNS('http://www.w3.org/2000/svg', 'text')
      word.textContent = `planted ${x}`
      word.setAttribute('x', String(x))
      word.setAttribute('y', '60')
      plot?.append(word)
    }
  })
  const found = (await crowdedWords(page)).join('\n')
  expect(found).toContain('"planted 5000" is cut off')
  expect(found).toContain('"planted 50" and "planted 60" overlap')
})

it('changes its language and its theme by button', async () => {
  await using opened = await open({ language: 'en', theme: 'light', width: 1024 })
  const { page } = opened
  await page.getByRole('button', { name: 'ko' }).click()
  expect(await page.locator('html').getAttribute('lang')).toBe('ko')
  expect(await page.getByRole('heading', { level: 1, name: '실험실이 확인한 것' }).isVisible()).toBe(true)
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const light = await background()
  await page.getByRole('button', { name: 'Light or dark' }).click()
  expect(await background()).not.toBe(light)
})

it('prints every table and keeps to the paper', async () => {
  await using opened = await open({ language: 'ko', theme: 'dark', width: 794 })
  const { page } = opened
  await page.emulateMedia({ media: 'print' })
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')))
  expect(await page.locator('details:not([open])').count()).toBe(0)
  expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(255, 255, 255)')
  expect(await sidewaysOverflow(page)).toBe(0)
})

const sidewaysOverflow = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

/** Pairs of words in a plot whose boxes overlap, and words that reach out of their plot. */
function crowdedWords(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const shown = [...document.querySelectorAll('svg.plot')].filter((plot) => plot.getClientRects().length > 0)
    return shown.flatMap((plot) => {
      const name = plot.getAttribute('aria-label')?.slice(0, 30)
      const frame = plot.getBoundingClientRect()
      const words = [...plot.querySelectorAll('text')]
        .filter(
          (text) =>
            text.textContent?.trim() && getComputedStyle(text).opacity !== '0' && text.getAttribute('opacity') !== '0',
        )
        .map((text) => ({
          text: text.textContent,
          box: text.getBoundingClientRect(),
          turned: /rotate/.test(text.getAttribute('transform') ?? ''),
        }))
      const outside = words.filter(
        ({ box }) =>
          box.left < frame.left - 1 ||
          box.right > frame.right + 1 ||
          box.top < frame.top - 1 ||
          box.bottom > frame.bottom + 1,
      )
      // Words turned by 35° have boxes much larger than themselves: whether those overlap says nothing.
      const straight = words.filter(({ turned }) => !turned)
      const overlap = (a: DOMRect, b: DOMRect) =>
        Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
        Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2.5
      const covering = straight.flatMap((first, index) =>
        straight
          .slice(index + 1)
          .filter((second) => overlap(first.box, second.box))
          .map((second) => `${name}: "${first.text}" and "${second.text}" overlap`),
      )
      return [...outside.map(({ text }) => `${name}: "${text}" is cut off`), ...covering]
    })
  })
}
