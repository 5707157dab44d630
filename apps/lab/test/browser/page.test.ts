import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { experiments } from '../../src/experiments/index.ts'
import { exampleReport } from '../../src/report/example.ts'
import { reportPage } from '../../src/report/page.ts'
import type { Report } from '../../src/results.ts'
import { outFolder } from '../out-folder.ts'
import { crowdedWords, faintWords, scrolledSideways, sidewaysOverflow } from './looks.ts'

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Every experiment with its own words, the decision that rests on them, and in turns every verdict and every kind of picture. */
function report(): Report {
  const examples = exampleReport.results
  const results = experiments.map(({ run: _, judge: __, ...words }, index) => {
    const { pictures, checks, observations, verdict } = examples[index % examples.length] ?? expect.fail('no example')
    const headline = { value: '1,596 / 4,595', label: words.says }
    return { ...words, headline, checks, observations, pictures, verdict, ms: 1000 }
  })
  return { ...exampleReport, asked: results.length + 1, results }
}

let browser: Browser
let folder: Awaited<ReturnType<typeof outFolder>>
let address: string

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: quiet })
  folder = await outFolder()
  const path = join(folder.path, 'report.html')
  const broken = { ...report(), against: 'broken' as const }
  await writeFile(path, await reportPage(report(), broken))
  address = `file://${path}`
})

afterAll(async () => {
  await browser?.close()
  await folder?.[Symbol.asyncDispose]()
})

/** Opens the report on a dark system; a theme that is asked for wins. */
async function open({ language, theme, width }: { language: string; theme?: string; width: number }) {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: 'dark' })
  const faults: string[] = []
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('request', (request) => request.url().startsWith('file:') || faults.push(`asked for ${request.url()}`))
  await page.goto(`${address}?lang=${language}${theme ? `&theme=${theme}` : ''}`)
  return { page, faults, [Symbol.asyncDispose]: () => page.close() }
}

const looks = ['en', 'ko'].flatMap((language) =>
  ['light', 'dark'].flatMap((theme) => [360, 1024, 1920].map((width) => ({ language, theme, width }))),
)

// On a phone a plot, and the table that repeats it, may be scrolled within itself; nothing else, and nowhere else.
const fitting = (width: number) => (width < 600 ? '.scroll:has(> .claims, > .checks, > .choices)' : '.scroll')

describe.each(looks)('the report in $language, $theme, $width px wide', (look) => {
  it('fits, asks for nothing, can be read, and no words of a plot cover each other or are cut off', async () => {
    await using opened = await open(look)
    const { page } = opened
    await openTables(page)
    expect(await sidewaysOverflow(page)).toBe(0)
    expect(await scrolledSideways(page, fitting(look.width))).toEqual([])
    expect(await page.locator('.swipe:visible').count()).toBe((await scrolledSideways(page, '.canvas .scroll')).length)
    expect(await crowdedWords(page)).toEqual([])
    expect(await faintWords(page)).toEqual([])
    expect(opened.faults).toEqual([])
  })
})

it('stacks the decision on a phone, each answer as wide as the table', async () => {
  await using opened = await open({ language: 'ko', theme: 'light', width: 360 })
  const widths = await opened.page.evaluate(() => {
    const table = document.querySelector('.choices')
    const cells = [...(table?.querySelectorAll('tbody :is(th, td)') ?? [])]
    return cells.map((cell) => cell.clientWidth / (table?.clientWidth ?? 0))
  })
  expect(widths.length).toBeGreaterThan(20)
  expect(Math.min(...widths)).toBeGreaterThan(0.95)
})

it('would notice words that cover each other, are cut off or are faint, and what has to be scrolled', async () => {
  await using opened = await open({ language: 'en', theme: 'light', width: 1024 })
  const { page } = opened
  await page.evaluate(() => {
    const plot = document.querySelector('div[lang="en"] svg.plot')
    for (const [x, words] of [
      [50, 'planted 50'],
      [60, 'planted 60'],
      [5000, 'planted 5000'],
      [300, 'planted by Ve…'],
    ] as const) {
      const word = document.createElementNS('http://www.w3.org/2000/svg', 'text')
      word.textContent = words
      word.setAttribute('x', String(x))
      word.setAttribute('y', '60')
      plot?.append(word)
    }
    const faint = document.createElement('p')
    faint.textContent = 'planted faint'
    faint.style.color = '#bbb'
    document.querySelector('.cover')?.append(faint)
    for (const cell of document.querySelectorAll<HTMLElement>('.choices td')) cell.style.minWidth = '400px'
  })
  const found = (await crowdedWords(page)).join('\n')
  expect(found).toContain('"planted 5000" is cut off')
  expect(found).toContain('"planted by Ve…" is cut off')
  expect(found).toContain('"planted 50" and "planted 60" overlap')
  expect(await faintWords(page)).toEqual([expect.stringContaining('planted faint: 1.9')])
  expect(await scrolledSideways(page, '.scroll')).toEqual([expect.stringContaining('decision: ')])
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

// The paper's width between its margins, in CSS pixels.
const papers = [
  { paper: 'A4', width: 680 },
  { paper: 'Letter', width: 703 },
].flatMap((paper) => [
  { ...paper, language: 'en' },
  { ...paper, language: 'ko', theme: 'dark' },
])

it.each(papers)('prints on white $paper in $language, eight pages at most, and nothing is wider', async (look) => {
  await using opened = await open(look)
  const { page } = opened
  await page.emulateMedia({ media: 'print' })
  const pdf = (await page.pdf({ format: look.paper })).toString('latin1')
  expect(pdf.match(/\/Type\s*\/Page[^s]/g)?.length).toBeLessThanOrEqual(8)
  expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(255, 255, 255)')
  expect(await sidewaysOverflow(page)).toBe(0)
  expect(await scrolledSideways(page, '.scroll')).toEqual([])
  expect(await crowdedWords(page)).toEqual([])
  expect(await faintWords(page)).toEqual([])
})

const openTables = (page: Page) =>
  page.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true
  })
