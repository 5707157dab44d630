import { rmSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { actions, type Cell, startRig } from '../../test/differential/cells.ts'
import { closeClient } from '../../test/differential/client.ts'
import { answerers, middlewares } from '../../test/differential/middlewares.ts'
import { bigFile, type Program, programs } from '../../test/differential/programs.ts'

const isFull = process.env.TEST_BUDGET === 'full'
const everyProgram: Readonly<Record<string, Program>> = { ...programs, ...answerers }

/** With a small budget: what does the most to a response. */
const telling = [
  'end with 50 kB',
  'callbacks of write and end',
  'Readable.from, much, pipe',
  'writeHead, reason',
  'headers after the end',
  '204',
  'serve-static, a range',
]

function cellsOf(middleware: string | undefined, inside: boolean): Cell[] {
  const names = middleware === undefined || isFull ? Object.keys(everyProgram) : telling
  const acts = isFull
    ? Object.keys(actions)
    : middleware === undefined
      ? ['untouched', 'written, new', 'rotated']
      : ['read', 'written, new']
  return names.flatMap((name) => {
    const program = everyProgram[name] as Program
    if (middleware !== undefined && (program.bare || program.not?.includes(middleware))) return []
    return acts.map((action) => ({ name, program, action, middleware, inside }))
  })
}

async function differences(cells: readonly Cell[]): Promise<unknown[]> {
  await using rig = await startRig()
  const found: unknown[] = []
  for (const cell of cells) {
    const difference = await rig.compare(cell)
    if (difference) found.push({ program: cell.name, action: cell.action, ...difference })
  }
  return found
}

afterAll(() => {
  closeClient()
  rmSync(bigFile)
})

describe('withSessions leaves a response as it is without it', { timeout: 600_000 }, () => {
  it('for every way to answer', async () => {
    const cells = cellsOf(undefined, false)
    expect(cells.length).toBeGreaterThan(250)
    expect(await differences(cells)).toEqual([])
  })

  describe.each(Object.keys(middlewares))('beside %s', (middleware) => {
    it.each([
      ['outside', false],
      ['inside', true],
    ])('%s of it', async (_, inside) => {
      expect(await differences(cellsOf(middleware, inside))).toEqual([])
    })
  })
})
