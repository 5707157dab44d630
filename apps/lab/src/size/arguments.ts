import { parseArgs } from 'node:util'
import { UsageError } from '../usage-error.ts'
import type { Demand } from './plan.ts'

/** What was typed after `npm run lab -- size`. */
export type SizeCommand = { readonly name: 'size'; readonly json: boolean; readonly seed: number } & (
  | { readonly demand: Demand }
  | { readonly measure: readonly { readonly sessions: number; readonly valueBytes: number }[] }
)

const numbers = {
  users: [1, 1e9],
  'requests-per-second': [0.01, 1e7],
  'session-bytes': [0, 1e6],
  'write-share': [0, 1],
  'app-us': [0, 1e6],
  'request-bytes': [100, 1e8],
  seed: [0, 2 ** 31],
} as const
type Name = keyof typeof numbers

/** The points that the plan is checked against: how memory grows with sessions, and with what is in them. */
const points = [
  ...[1_000, 100_000, 1_000_000].map((sessions) => ({ sessions, valueBytes: 100 })),
  ...[1_000, 4_000].map((valueBytes) => ({ sessions: 20_000, valueBytes })),
]

/** Reads what follows `size`; throws `UsageError`, in a line. */
export function readSize(argv: readonly string[]): SizeCommand {
  const text = Object.fromEntries(Object.keys(numbers).map((name) => [name, { type: 'string' as const }]))
  const options = { ...text, measure: { type: 'boolean' as const }, json: { type: 'boolean' as const } }
  const { values, positionals } = parsed(argv, options)
  if (positionals.length > 0) throw new UsageError(`size takes no arguments: "${positionals[0]}"`)
  const shown = { name: 'size', json: values.json === true, seed: number(values, 'seed', 1) } as const
  if (values.measure) return { ...shown, measure: points }
  return {
    ...shown,
    demand: {
      users: number(values, 'users'),
      requestsPerSecond: number(values, 'requests-per-second'),
      sessionBytes: number(values, 'session-bytes', 500),
      writeShare: number(values, 'write-share', 0.1),
      appUs: number(values, 'app-us', 1000),
      requestBytes: number(values, 'request-bytes', 10_000),
    },
  }
}

type Values = Readonly<Record<string, string | boolean | undefined>>

function parsed(argv: readonly string[], options: Readonly<Record<string, { type: 'string' | 'boolean' }>>) {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true })
    return { values: values as Values, positionals }
  } catch (error) {
    throw new UsageError(`size: ${(error as Error).message.split('. ')[0]}`)
  }
}

function number(values: Values, name: Name, fallback?: number): number {
  const value = values[name]
  const [least, most] = numbers[name]
  if (value === undefined && fallback !== undefined) return fallback
  const found = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN
  if (found >= least && found <= most) return found
  throw new UsageError(`--${name} is ${value === undefined ? 'missing' : `"${value}"`}: allowed is ${least} to ${most}`)
}
