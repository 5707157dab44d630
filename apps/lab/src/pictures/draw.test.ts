import { describe, expect, it } from 'vitest'
import { examplePictures } from '../report/example.ts'
import { drawSvg, escapeXml } from './draw.ts'
import { textWidth } from './text-width.ts'

describe.each(examplePictures.map((picture) => [picture.id, picture] as const))('the picture %s', (_, picture) => {
  it('is drawn in both languages, under its own name', async () => {
    expect(await drawSvg(picture, 'en')).toContain(`aria-label="Picture ${picture.id}. What there is to see."`)
    expect(await drawSvg(picture, 'ko')).toContain(`aria-label="그림 ${picture.id}. 볼 것."`)
  })

  it('leaves every colour to the page', async () => {
    const colors = [...(await drawSvg(picture, 'en')).matchAll(/ (?:fill|stroke)="([^"]*)"/g)].map(([, color]) => color)
    expect(colors.length).toBeGreaterThan(2)
    expect(colors.filter((color) => !/^(?:var\(--[\w-]+\)|none|transparent)$/.test(color ?? ''))).toEqual([])
  })

  it('says every text of its specification in the language asked for', async () => {
    expect(await drawSvg(picture, 'en')).not.toMatch(/\p{Script=Hangul}|\[object Object\]|undefined|NaN/u)
  })

  it('says nothing that ends in the middle', async () => {
    for (const language of ['en', 'ko'] as const) expect(await drawSvg(picture, language)).not.toContain('…<')
  })

  it('has no slanted words', async () => {
    expect(await drawSvg(picture, 'en')).not.toMatch(/rotate\((?!0|-90|270)/)
  })

  it('has a table with a name for each column', () => {
    expect(picture.table.rows.length).toBeGreaterThan(0)
    for (const row of picture.table.rows) expect(row).toHaveLength(picture.table.columns.length)
  })
})

describe('what became of requests', () => {
  const textOf = async (id: string) => {
    const picture = examplePictures.find((each) => each.id === id) ?? expect.fail(`no ${id}`)
    return [...(await drawSvg(picture, 'en')).matchAll(/>([^<>]+)<\/text>/g)].map(([, words]) => words)
  }
  it('is marked in the plot and in its legend: the colour is not all there is', async () => {
    expect(await textOf('timeline')).toEqual(expect.arrayContaining(['✓ found', '✗ lost: nowhere', '✗']))
    expect(await textOf('strip')).toEqual(expect.arrayContaining(['✓ found', '– miss: not here', '–']))
    expect(await textOf('matrix')).toEqual(expect.arrayContaining(['✓ yes', '✗ no', '✗']))
  })
  it('and who answered has the letters of the nodes in it', async () => {
    const letters = (await textOf('share-area')).filter((words) => /^[abc]$/.test(words ?? ''))
    expect(letters.length).toBeGreaterThan(3)
  })
})

describe('escapeXml', () => {
  it('leaves no way out of an attribute or a text', () => {
    expect(escapeXml(`<a b="c" d='e'>&`)).toBe('&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;')
  })
})

describe('textWidth', () => {
  it('takes a Korean letter for as wide as it is high', () => expect(textWidth('세션', 10)).toBe(20))
  it('takes Latin ones for narrower', () => expect(textWidth('session', 10)).toBeLessThan(45))
})
