import { describe, expect, it } from 'vitest'
import { exampleReport } from './example.ts'
import { reportPage } from './page.ts'
import { claimsTable } from './summary.ts'

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

  it('escapes what it is given', () => {
    expect(page).toContain('It is said &lt;so&gt; &amp; so.')
    expect(page).not.toContain('<so>')
  })

  it('says what it cannot say', () => {
    expect(page).toContain('All processes shared one machine.')
    expect(page).toContain('A store is one more thing to operate')
  })

  it('tells why an experiment has no verdict', () => expect(page).toContain('no Redis'))
})

describe('claimsTable', () => {
  it('sets what is said beside what was measured', () => {
    const [head, , first] = claimsTable(exampleReport.results, 'en').split('\n')
    expect(head).toBe('| claim | what the tutorial says | what we measured | verdict |')
    expect(first).toBe('| [C1](#c1) | It is said <so> & so. | **30 / 30** sessions lost | ✓ holds |')
  })
})
