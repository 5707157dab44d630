import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Experiment, type Lab, prove } from './experiment.ts'
import { text } from './language.ts'
import type { Report } from './results.ts'
import { run } from './run.ts'
import { counted } from './verdict.ts'

const question = text('how many', '몇 개')
const nothing = text('', '')

function experiment(id: Experiment['id'], act: (lab: Lab) => Promise<number>): Experiment {
  const words = { title: nothing, says: nothing, steps: nothing, expected: nothing }
  const findings = (count: number) => ({
    headline: { value: count, label: question },
    checks: [counted(question, count, 1)],
    observations: [],
    pictures: [],
  })
  return { id, ...words, run: async (lab) => findings(await act(lab)) }
}

async function folder() {
  const path = await mkdtemp(join(tmpdir(), 'lab-'))
  const readReport = async () => JSON.parse(await readFile(join(path, 'report.json'), 'utf8')) as Report
  return { path, readReport, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

const settings = { preset: 'quick', seed: 1, command: 'npm run lab -- run' } as const

describe('run', () => {
  it('goes on after an experiment that could not run, and says why', async () => {
    await using out = await folder()
    const experiments = [
      experiment('C1', async () => 1),
      experiment('C2', async () => {
        prove(false, 'there is a Redis')
        return 1
      }),
      experiment('C3', async () => 2),
    ]
    const report = await run({ ...settings, experiments, out: out.path, signal: new AbortController().signal })
    expect(report.results.map((result) => result.verdict)).toEqual(['holds', 'could-not-run', 'fails'])
    expect(report.results[1]?.error).toBe('before measuring: there is a Redis')
    expect((await out.readReport()).results).toHaveLength(3)
  })

  it('keeps what is finished when it is stopped, and starts nothing more', async () => {
    await using out = await folder()
    const stop = new AbortController()
    const experiments = [
      experiment('C1', async () => 1),
      experiment('C2', async (lab) => {
        stop.abort()
        lab.signal.throwIfAborted()
        return 1
      }),
      experiment('C3', async () => 1),
    ]
    await run({ ...settings, experiments, out: out.path, signal: stop.signal })
    const { results } = await out.readReport()
    expect(results.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual(['C1 holds', 'C2 interrupted'])
  })

  it('keeps the raw rows, one JSON object to a line', async () => {
    await using out = await folder()
    const writing = experiment('C1', async (lab) => {
      lab.record({ step: 'read', user: 'u1' })
      lab.record({ step: 'read', user: 'u2' })
      return 1
    })
    await run({ ...settings, experiments: [writing], out: out.path, signal: new AbortController().signal })
    const lines = (await readFile(join(out.path, 'raw', 'C1.ndjson'), 'utf8')).trim().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { step: 'read', user: 'u1' },
      { step: 'read', user: 'u2' },
    ])
  })

  it('gives an experiment the same random numbers whatever ran before it', async () => {
    await using out = await folder()
    const drawn: number[] = []
    const drawing = (id: Experiment['id']) => experiment(id, async (lab) => drawn.push(lab.random('x')()))
    const signal = new AbortController().signal
    await run({ ...settings, experiments: [drawing('C1'), drawing('C2')], out: out.path, signal })
    await run({ ...settings, experiments: [drawing('C2')], out: out.path, signal })
    expect(drawn[2]).toBe(drawn[1])
    expect(drawn[0]).not.toBe(drawn[1])
  })

  it('lets the command line win over the preset, and says so in the report', async () => {
    await using out = await folder()
    const signal = new AbortController().signal
    const report = await run({ ...settings, experiments: [], repeats: 2, durationMs: 300, out: out.path, signal })
    expect(report).toMatchObject({
      preset: 'quick',
      repeats: 2,
      durationMs: 300,
      environment: { node: process.version },
    })
  })
})
