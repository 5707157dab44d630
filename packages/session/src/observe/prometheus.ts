/** Prometheus' text format, version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
export const contentType = 'text/plain; version=0.0.4; charset=utf-8'

/** One sample: its labels as `labelled` writes them, and its value. */
export type Sample = readonly [labels: string, value: number]

/** A histogram's counts. */
export interface Buckets {
  /** How many records are at most each bound, the bounds in ascending order. */
  readonly upTo: Iterable<readonly [bound: number, count: number]>
  readonly count: number
  readonly sum: number
}

/** Labels as they stand between the braces of a sample. */
export function labelled(labels: Readonly<Record<string, string>>): string {
  const escaped = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')
}

/** The lines of one family of counters or gauges. */
export function family(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string[] {
  return [...head(name, type, help), ...samples.map((sample) => line(name, sample))]
}

/** The lines of one family of histograms. */
export function histograms(name: string, help: string, all: readonly (readonly [labels: string, Buckets])[]): string[] {
  const rows = all.flatMap(([labels, { upTo, count, sum }]) => {
    const before = labels && `${labels},`
    return [
      ...[...upTo, ['+Inf', count] as const].map(([le, below]) =>
        line(`${name}_bucket`, [`${before}le="${le}"`, below]),
      ),
      line(`${name}_sum`, [labels, sum]),
      line(`${name}_count`, [labels, count]),
    ]
  })
  return [...head(name, 'histogram', help), ...rows]
}

function head(name: string, type: string, help: string): string[] {
  return [...(help ? [`# HELP ${name} ${help}`] : []), `# TYPE ${name} ${type}`]
}

function line(name: string, [labels, value]: Sample): string {
  return `${name}${labels && `{${labels}}`} ${value}`
}
