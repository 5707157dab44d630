import { describe, expect, it } from 'vitest'
import { text } from '../language.ts'
import { type Bar, bars } from './bars.ts'
import { drawSvg } from './draw.ts'
import { plotWidth } from './theme.ts'

const words = { id: 'b', title: text('t', 't'), caption: text('c', 'c'), groupTitle: 'g', valueTitle: 'v' }
const draw = (data: readonly Bar[]) => drawSvg(bars({ ...words, bars: data }), 'en')
const one = (series: string, value: number): Bar => ({ group: 'save on change, touch once a minute', series, value })
const written = (svg: string) => [...svg.matchAll(/>([^<>]+)<\/(?:text|tspan)>/g)].map(([, line]) => line)

describe('bars', () => {
  it('say what they are where there are several: nobody has to tell their colours apart', async () => {
    expect(written(await draw([one('found', 3), one('lost', 0)]))).toEqual(
      expect.arrayContaining(['found: 3', 'lost: 0']),
    )
    expect(written(await draw([one('found', 3)]))).toContain('3')
  })

  it('leave room for their names and labels, however long', async () => {
    const label = 'a label as long as any that is written at the end of a bar'
    const widthOf = async (data: Bar) => Number(/ width="([\d.]+)"/.exec(await draw([data]))?.[1])
    expect(await widthOf({ ...one('x', 3), label })).toBeLessThanOrEqual(plotWidth + 10)
    expect(await widthOf(one('x', 3))).toBeLessThanOrEqual(plotWidth + 10)
  })

  it('have long names in two lines, and none is cut off', async () => {
    const lines = written(await draw([one('x', 1)]))
    expect(lines).toEqual(expect.arrayContaining(['save on change,', 'touch once a minute']))
    expect(lines.filter((line) => line?.endsWith('…'))).toEqual([])
  })
})
