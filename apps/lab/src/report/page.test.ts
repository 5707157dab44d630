import { seededRandom } from '@session-cluster/visitor'
import { describe, expect, it } from 'vitest'
import { text } from '../language.ts'
import type { Result } from '../results.ts'
import { ratio } from '../verdict.ts'
import { answers, decision } from './decision.ts'
import { exampleReport } from './example.ts'
import { reportPage } from './page.ts'
import { claimsTable } from './summary.ts'
import { words } from './words.ts'

describe('reportPage', async () => {
  const page = await reportPage(exampleReport)

  it('needs nothing but itself: no address is fetched', () => {
    expect(
      [...page.matchAll(/(?:src|href)="(?!#)([^"]*)"|url\((?!#)([^)]*)\)|@import/g)].map(([found]) => found),
    ).toEqual([])
    expect(
      [...page.matchAll(/https?:\/\/[^"'\s<)]*/g)]
        .map(([address]) => address)
        .filter((address) => !address.startsWith('http://www.w3.org/')),
    ).toEqual([])
  })

  it('has the command, the seed and the machine before the first experiment', () => {
    const cover = page.slice(page.indexOf('class="cover"'), page.indexOf('class="experiment"'))
    for (const fact of [
      'npm run lab -- run all --preset quick --seed 1',
      'A processor',
      'v26.0.0 · 7.0.15',
      'abcdef123456',
      'The machine was busy',
    ])
      expect(cover).toContain(fact)
  })

  it('gives every picture a table', () => {
    const pictures = exampleReport.results.flatMap((result) => result.pictures).length
    expect(page.match(/<figure>/g)).toHaveLength(pictures)
    expect(page.match(/<figure>.*?<details>.*?<table>.*?<\/figure>/gs)).toHaveLength(pictures)
  })

  it('says as much in Korean as in English', () => {
    const count = (language: string) => page.match(new RegExp(`<(?:span|div) lang="${language}">`, 'g'))?.length
    expect(count('ko')).toBe(count('en'))
  })

  it('makes no statement in plain words whose measurement was not run', async () => {
    expect(page).not.toContain('id="decision"')
    const [result] = exampleReport.results
    const ran = (...ids: string[]) => ({ ...exampleReport, results: ids.map((id) => ({ ...result, id })) as Result[] })
    const whole = await reportPage(ran('C3', 'C4', 'C5', 'X8', 'X11'))
    const decision = whole.slice(whole.indexOf('id="decision"'))
    expect(decision).toContain('What if a server dies?')
    expect(decision).not.toContain('What has to be operated?')
  })

  it('says in plain words that sticky and clustered both depend on the balancer', async () => {
    const [result] = exampleReport.results
    const results = ['C4', 'C5', 'X8', 'X3', 'X2', 'X10'].map((id) => ({ ...result, id })) as Result[]
    const row = answers(results).find(({ question }) => question.en === 'What else can fail?')
    for (const cell of [row?.sticky, row?.clustered, decision.advice[4]]) {
      expect(cell?.en).toContain('balancer')
      expect(cell?.ko).toContain('로드 밸런서')
    }
    expect(await reportPage({ ...exampleReport, results })).toContain('everyone comes in by the balancer')
  })

  it('says of a statement in plain words when a measurement speaks against it', async () => {
    const grounds = (verdict: Result['verdict']) =>
      ['C4', 'C5', 'X8', 'X11'].map((id) => ({
        ...exampleReport.results[0],
        id,
        verdict: id === 'C5' ? verdict : 'holds',
      }))
    const pageOf = (verdict: Result['verdict']) =>
      reportPage({ ...exampleReport, results: grounds(verdict) as Result[] })
    expect(await pageOf('fails')).toContain('This run does not bear it out.')
    expect(await pageOf('holds')).not.toContain('This run does not bear it out.')
  })

  it('says on its first page when the run was stopped', async () => {
    const stopped = { ...exampleReport, asked: exampleReport.results.length + 14 }
    expect(await reportPage(stopped)).toContain('14 of 18 experiments were not begun')
    expect(page).not.toContain('were not begun')
  })

  it('tells of a ratio how often it was taken and how sure its interval is', async () => {
    const random = seededRandom(1, 'page')
    const check = ratio(text('how much', '얼마나'), [1, 2, 3, 2, 2], { atMost: 9 }, { random, confidence: 0.99 })
    const [result] = exampleReport.results
    const measured = await reportPage({ ...exampleReport, results: [{ ...(result as Result), checks: [check] }] })
    expect(measured).toContain('n = 5, 99 %: 1 … 3')
  })

  it('says of a ratio that was taken too seldom that it has no verdict', async () => {
    const [result] = exampleReport.results
    const taken = (samples: readonly number[]) =>
      ratio(text('how much', '얼마나'), samples, { atMost: 9 }, { random: seededRandom(1, 'page') })
    const checks = [taken([1]), taken([1, 2, 3])]
    const measured = await reportPage({ ...exampleReport, results: [{ ...(result as Result), checks }] })
    expect(measured).toContain('taken once, too few for a verdict')
    expect(measured).toContain('n = 3: 1 … 3, too few for a verdict')
  })

  it('escapes what it is given', () => {
    expect(page).toContain('It is said &lt;so&gt; &amp; so.')
    expect(page).not.toContain('<so>')
  })

  it('says what it cannot say', () => {
    expect(page).toContain('All processes shared one machine.')
    expect(page).toContain('A store is one more thing to operate')
  })

  it('tells why an experiment has no verdict', async () => {
    expect(page).toContain('no Redis')
    const [result] = exampleReport.results
    const interrupted = { ...(result as Result), verdict: 'interrupted', error: 'stopped' } as const
    expect(await reportPage({ ...exampleReport, results: [interrupted] })).toContain('답이 나오기 전에 멈춤')
  })
})

describe('claimsTable', () => {
  it('sets what is said beside what was measured', () => {
    const [head, , first] = claimsTable(exampleReport.results, words.tutorialSays, 'en').split('\n')
    expect(head).toBe('| claim | what the tutorial says | expected before the run | what we measured | verdict |')
    expect(first).toBe('| [C1](#c1) | It is said <so> & so. | Three. | **30 / 30** sessions lost | ✓ holds |')
  })
})
