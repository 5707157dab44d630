import { describe, expect, it } from 'vitest'
import type { Experiment } from './experiment.ts'
import { text } from './language.ts'
import { colored, progressOn, resultLine } from './progress.ts'
import type { Result } from './results.ts'

const experiment = { id: 'C1', title: text('a claim', '주장') } as unknown as Experiment
const result = { id: 'C1', verdict: 'holds', headline: { value: 3, label: text('of 3 found', '개를 찾음') } } as const

function screen(isTTY: boolean, columns = 80) {
  const written: string[] = []
  return { isTTY, columns, write: (line: string) => written.push(line), written }
}

describe('progressOn', () => {
  it('draws nothing where there is no terminal', () => expect(progressOn(screen(false), {})).toEqual({}))

  it('redraws one line in place and clears it at the end', () => {
    const terminal = screen(true)
    const bar = progressOn(terminal, { NO_COLOR: '1' })
    bar.started?.(experiment, 0, 15)
    bar.progress?.(experiment, 0.5, text('reading', '읽는 중'))
    bar.finished?.(result as unknown as Result)
    expect(terminal.written[1]).toBe(`\r\u001b[K 1/15 C1  ${'━'.repeat(12)}${'─'.repeat(12)} reading`)
    expect(terminal.written.at(-1)).toBe('\r\u001b[K')
  })

  it('never grows wider than the terminal', () => {
    const terminal = screen(true, 44)
    const bar = progressOn(terminal, { NO_COLOR: '1' })
    bar.started?.(experiment, 0, 9)
    bar.progress?.(experiment, 1, text('a long story about what is being done now', '긴 이야기'))
    expect((terminal.written[1] ?? '').replace('\r\u001b[K', '').length).toBeLessThan(44)
  })
})

describe('colours', () => {
  it('are used on a terminal only', () => {
    expect(colored(screen(true), {})).toBe(true)
    expect(colored(screen(false), {})).toBe(false)
  })
  it('are left out for those who set NO_COLOR', () => expect(colored(screen(true), { NO_COLOR: '1' })).toBe(false))
})

describe('resultLine', () => {
  const refused = { ...result, verdict: 'could-not-run', error: 'no Redis where one was said to be' } as const

  it('is plain text without colour', () => {
    expect(resultLine(result, screen(true), { NO_COLOR: '1' })).toBe('C1   ✓ holds         3 of 3 found')
  })
  it('tells why there is no verdict, in one line where there is no terminal', () => {
    expect(resultLine(refused, screen(false, 40), {})).toBe('C1   ! could not run no Redis where one was said to be')
  })
  it('goes on in its own column where the terminal ends', () => {
    expect(resultLine(refused, screen(true, 42), { NO_COLOR: '1' })).toBe(
      ['C1   ! could not run no Redis where one', '                     was said to be'].join('\n'),
    )
  })
})
