import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { experiment as define, type Experiment, type Lab, prove } from './experiment.ts'
import { readHistory } from './history.ts'
import { text } from './language.ts'
import type { Report } from './results.ts'
import { run } from './run.ts'
import { counted } from './verdict.ts'

const question = text('how many', '몇 개')
const nothing = text('', '')

type Rows = { readonly step: 'counted'; readonly count: number } | { readonly step: 'read'; readonly user: string }

function experiment(id: Experiment['id'], act: (lab: Lab<Rows>) => Promise<number>): Experiment {
  return define<Rows>({
    id,
    title: nothing,
    says: nothing,
    steps: nothing,
    expected: nothing,
    run: async (lab) => lab.record({ step: 'counted', count: await act(lab) }),
    judge(history) {
      const count = history.of('counted')[0]?.count ?? Number.NaN
      return {
        headline: { value: count, label: question },
        checks: [counted(question, count, 1)],
        observations: [],
        pictures: [],
      }
    },
  })
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

  it('keeps the history, one JSON object to a line, and judges what the file holds', async () => {
    await using out = await folder()
    const writing = experiment('C1', async (lab) => {
      lab.record({ step: 'read', user: 'u1' })
      return 1
    })
    const { results } = await run({
      ...settings,
      experiments: [writing],
      out: out.path,
      signal: new AbortController().signal,
    })
    const path = join(out.path, 'raw', 'C1.ndjson')
    const lines = (await readFile(path, 'utf8')).trim().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ history: 2, experiment: 'C1', seed: 1 }),
      { step: 'read', user: 'u1' },
      { step: 'counted', count: 1 },
      { step: 'end' },
    ])
    expect(writing.judge(readHistory(path)).checks).toEqual(results[0]?.checks)
  })

  it('leaves a history that no verdict is read from when the experiment did not end', async () => {
    await using out = await folder()
    const stopping = experiment('C1', async (lab) => {
      lab.record({ step: 'read', user: 'u1' })
      throw new Error('no Redis')
    })
    await run({ ...settings, experiments: [stopping], out: out.path, signal: new AbortController().signal })
    expect(() => readHistory(join(out.path, 'raw', 'C1.ndjson'))).toThrow('did not finish')
  })

  it('puts what is broken in its place, beside the report of a sound run', async () => {
    await using out = await folder()
    const sound = experiment('C1', async () => 1)
    const wrong = { when: text('it counts two', '둘을 셈'), experiment: experiment('C1', async () => 2) }
    const options = { ...settings, experiments: [sound], out: out.path, signal: new AbortController().signal }
    await run(options)
    const report = await run({ ...options, broken: { C1: wrong } })
    expect(report).toMatchObject({ against: 'broken', results: [{ verdict: 'fails', broken: wrong.when }] })
    expect((await out.readReport()).results[0]?.verdict).toBe('holds')
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
