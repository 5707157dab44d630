import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { UsageError } from './arguments.ts'
import { compare, judgeCommand, list, reportCommand, runCommand, type Surroundings } from './commands.ts'
import type { Experiment } from './experiment.ts'
import { text } from './language.ts'
import { exampleReport } from './report/example.ts'
import type { Report } from './results.ts'
import { counted } from './verdict.ts'

const experiment = (id: Experiment['id'], count: number): Experiment => {
  const words = text(`about ${id}`, `${id}에 대하여`)
  const findings = {
    headline: { value: count, label: words },
    checks: [counted(words, count, 1)],
    observations: [],
    pictures: [],
  }
  const of = { id, title: words, says: words, steps: words, expected: words }
  return { ...of, run: async () => {}, judge: () => findings }
}

/** A lab with two experiments, one of which fails, in a folder of its own; what it prints is kept. */
async function surroundings() {
  const runsFolder = await mkdtemp(join(tmpdir(), 'lab-'))
  const printed: string[] = []
  const stdout = { write: (line: string) => printed.push(line) } as unknown as NodeJS.WriteStream
  const experiments = [experiment('C1', 1), experiment('X1', 2)]
  const around: Surroundings = {
    experiments,
    env: {},
    stdout,
    stderr: stdout,
    signal: new AbortController().signal,
    runsFolder,
  }
  return {
    around,
    printed: () => printed.join(''),
    folder: runsFolder,
    [Symbol.asyncDispose]: () => rm(runsFolder, { recursive: true }),
  }
}

const running = {
  name: 'run',
  json: false,
  preset: 'quick',
  seed: 1,
  repeats: undefined,
  durationMs: undefined,
  out: undefined,
  against: undefined,
} as const

async function stored(folder: string, name: string, report: Report = exampleReport): Promise<string> {
  const path = join(folder, name)
  await mkdir(path)
  await writeFile(join(path, 'report.json'), JSON.stringify(report))
  return path
}

describe('list', () => {
  it('names each experiment on a line', async () => {
    await using lab = await surroundings()
    expect(list({ name: 'list', json: false }, lab.around)).toBe(0)
    expect(lab.printed()).toBe('C1   about C1\nX1   about X1\n')
  })
})

describe('run', () => {
  it('answers 0 when what was asked for holds, and leaves report, page and raw data', async () => {
    await using lab = await surroundings()
    expect(await runCommand({ ...running, ids: ['c1'] }, lab.around)).toBe(0)
    const [run = ''] = await readdir(lab.folder)
    expect((await readdir(join(lab.folder, run))).sort()).toEqual(['raw', 'report.html', 'report.json'])
    expect(lab.printed()).toContain('C1   ✓ holds         1 about C1\n')
  })

  it('answers 1 when a claim fails', async () => {
    await using lab = await surroundings()
    expect(await runCommand({ ...running, ids: ['all'] }, lab.around)).toBe(1)
  })

  it('prints nothing but JSON when asked to, with the command to type again', async () => {
    await using lab = await surroundings()
    await runCommand({ ...running, ids: ['C1'], seed: 7, json: true }, lab.around)
    expect(JSON.parse(lab.printed())).toMatchObject({ command: 'npm run lab -- run C1 --preset quick --seed 7' })
  })

  it('refuses an experiment that there is not, and says which there are', async () => {
    await using lab = await surroundings()
    await expect(runCommand({ ...running, ids: ['C1', 'C9'] }, lab.around)).rejects.toThrow(
      'no such experiment: C9; there are C1 X1',
    )
  })
})

describe('wrong usage', () => {
  it('is told in a line, where an experiment is not there beside all of them', async () => {
    await using lab = await surroundings()
    for (const id of ['C9', ''])
      await expect(runCommand({ ...running, ids: ['all', id] }, lab.around)).rejects.toThrow(
        /^no such experiment: (C9|""); there are C1 X1$/,
      )
  })

  it('is told in a line, where a folder cannot be made', async () => {
    await using lab = await surroundings()
    const file = join(lab.folder, 'file')
    await writeFile(file, '')
    const from = await stored(lab.folder, 'one')
    const attempts = [
      () => runCommand({ ...running, ids: ['C1'], out: join(file, 'run') }, lab.around),
      () => reportCommand({ name: 'report', from, summary: join(file, 'summary') }, lab.around),
    ]
    for (const attempt of attempts) {
      const error = await attempt().catch((error: unknown) => error)
      expect(error).toBeInstanceOf(UsageError)
      expect((error as UsageError).message).toMatch(/^a folder cannot be made: ENOTDIR: .*file\/[^\n]*$/)
    }
  })

  it.each(['{', '{}'])('is told in a line, where a report reads %j', async (source) => {
    await using lab = await surroundings()
    await writeFile(join(lab.folder, 'report.json'), source)
    const report = reportCommand({ name: 'report', from: lab.folder, summary: undefined }, lab.around)
    await expect(report).rejects.toThrow(/^.*report\.json is no report of this lab$/)
  })
})

describe('report', () => {
  it('draws the latest run again, and its summary in both languages', async () => {
    await using lab = await surroundings()
    await stored(lab.folder, '2026-01-01')
    const summary = join(lab.folder, 'summary')
    await reportCommand({ name: 'report', from: undefined, summary: undefined }, lab.around)
    expect(await readFile(join(lab.folder, '2026-01-01', 'report.html'), 'utf8')).toContain('What the lab found')
    await reportCommand({ name: 'report', from: join(lab.folder, '2026-01-01'), summary }, lab.around)
    const files = await readdir(summary)
    expect(await readFile(join(summary, 'README.ko.md'), 'utf8')).toContain('\n\n_그림 bars. 볼 것._\n\n')
    const linked = [...(await readFile(join(summary, 'README.md'), 'utf8')).matchAll(/!\[[^\]]*\]\(([^)]*)\)/g)].map(
      ([, file]) => file,
    )
    expect(linked).toEqual(['C1-bars.en.svg', 'C2-lines.en.svg', 'X1-share-area.en.svg'])
    for (const file of [...linked, 'README.ko.md']) expect(files).toContain(file)
  })

  it('says so when there is no run', async () => {
    await using lab = await surroundings()
    await expect(reportCommand({ name: 'report', from: undefined, summary: undefined }, lab.around)).rejects.toThrow(
      UsageError,
    )
  })
})

describe('compare', () => {
  it('finds two runs the same that agree on verdicts and counts', async () => {
    await using lab = await surroundings()
    const reports = [await stored(lab.folder, 'one'), await stored(lab.folder, 'two')] as const
    expect(await compare({ name: 'compare', reports }, lab.around)).toBe(0)
  })

  it('names what differs', async () => {
    await using lab = await surroundings()
    const [first, ...rest] = exampleReport.results
    const changed = { ...exampleReport, results: [{ ...first, verdict: 'fails' }, ...rest] } as Report
    const reports = [await stored(lab.folder, 'one'), await stored(lab.folder, 'two', changed)] as const
    expect(await compare({ name: 'compare', reports }, lab.around)).toBe(1)
    expect(lab.printed()).toBe('- C1 holds\n+ C1 fails\n')
  })
})

describe('judge', () => {
  it('tells a run’s verdict again from its history alone', async () => {
    await using lab = await surroundings()
    await runCommand({ ...running, ids: ['X1'], out: join(lab.folder, 'here') }, lab.around)
    const files = [join(lab.folder, 'here', 'raw', 'X1.ndjson')]
    expect(await judgeCommand({ name: 'judge', files, json: false }, lab.around)).toBe(1)
    expect(lab.printed()).toContain('✗ about X1: 2 (expected: 1)')
  })

  it('refuses what is no history, in a line', async () => {
    await using lab = await surroundings()
    const judging = (file: string) => judgeCommand({ name: 'judge', files: [file], json: false }, lab.around)
    await expect(judging(join(lab.folder, 'nothing'))).rejects.toThrow(UsageError)
    const path = join(lab.folder, 'other.ndjson')
    await writeFile(path, '{"step":"read"}\n')
    await expect(judging(path)).rejects.toThrow('is no history of this lab')
  })
})
