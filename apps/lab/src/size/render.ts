import type { Measured } from './measured.ts'
import type { Demand, Limits, Plan } from './plan.ts'
import type { Simulated } from './simulation.ts'

export interface Sized {
  readonly demand: Demand
  readonly limits: Limits
  readonly measured: Measured
  readonly growth: readonly { readonly times: number; readonly plan: Plan }[]
  readonly runsOut: readonly { readonly what: string; readonly times: number }[]
  readonly simulation: readonly Simulated[]
}

/** For a terminal: what is needed now, at ten and a hundred times as much, what runs out first, and what happens to 1,000 servers. */
export function describe({ demand, limits, measured, growth, runsOut, simulation }: Sized): string {
  const { users, requestsPerSecond, sessionBytes, writeShare, appUs, requestBytes } = demand
  const rows: [string, (plan: Plan) => string][] = [
    ['servers (processes)', ({ servers }) => count(servers)],
    ['  busy cores', ({ load }) => load.serverCores.toFixed(2)],
    ['balancers (processes)', ({ balancers }) => count(balancers)],
    ['  busy cores', ({ load }) => load.balancerCores.toFixed(2)],
    ['Redis primaries', ({ primaries }) => count(primaries)],
    ['  as many for', ({ primariesBy }) => primariesBy],
    ['  busy cores', ({ load }) => load.redisCores.toFixed(2)],
    ['  memory, all', ({ load }) => bytes(load.redisBytes)],
    ['  memory, each', ({ primaryBytes }) => bytes(primaryBytes)],
    ['  commands a second', ({ load }) => count(load.redisCommands)],
    ['  network', ({ load }) => `${bytes(load.redisNetBytes)}/s`],
    ['network in front', ({ load }) => `${bytes(load.frontNetBytes)}/s`],
  ]
  const table = rows.map(([name, of]) => name.padEnd(24) + growth.map(({ plan }) => of(plan).padStart(12)).join(''))
  const out = runsOut.map(
    ({ what, times }) => `  ${what.padEnd(30)}${times < 1 ? 'not enough as it is' : `at ${rounded(times)} ×`}`,
  )
  const events = simulation.map(
    ({ by, event, moved, maxOverMean }) =>
      `  ${by.padEnd(17)}${event.padEnd(33)}${`${(100 * moved).toFixed(1)} %`.padStart(8)}${maxOverMean.toFixed(2).padStart(12)}`,
  )
  return `${[
    `${count(users)} sessions of ${count(sessionBytes)} bytes, ${count(requestsPerSecond)} requests a second of ${bytes(requestBytes)},`,
    `${Math.round(100 * writeShare)} % of which change the session; the application itself takes ${count(appUs)} µs of CPU for each`,
    '',
    `${''.padEnd(24)}${growth.map(({ times }) => (times === 1 ? 'now' : `${times} ×`).padStart(12)).join('')}`,
    ...table,
    '',
    'What a single one carries, the first to run out first:',
    ...out,
    '',
    '1,000 servers in three zones, 100,000 clients, simulated with the balancer’s own policies:',
    `  ${''.padEnd(50)}${'moved'.padStart(8)}${'max ÷ mean'.padStart(12)}`,
    ...events,
    '  In sticky mode whoever is moved has lost the session; in clustered mode nobody has.',
    '',
    `Servers and balancers: one more than needed, so that one may be lost; each primary with a replica. All are planned to ${Math.round(100 * limits.headroom)} %`,
    `of a core, of ${bytes(limits.redisBytes)} for sessions in one Redis, and of ${bytes(limits.netBytesPerSecond)}/s on a wire.`,
    `Measured: server ${rounded(measured.serverUs.read)} and ${rounded(measured.serverUs.write)} µs a read and a write, balancer ${rounded(measured.balancerUs)}, Redis ${rounded(measured.redisUs.read)} and ${rounded(measured.redisUs.write)};`,
    `${rounded(measured.sessionBytes.base)} bytes a session and ${measured.sessionBytes.perByte.toFixed(2)} for each byte in it. What this leaves out: docs/sizing.md`,
  ].join('\n')}\n`
}

const count = (value: number): string => Math.round(value).toLocaleString('en')
const rounded = (value: number): string => (value >= 100 ? count(value) : value.toPrecision(2))

function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = value < 1 ? 0 : Math.min(4, Math.floor(Math.log2(value) / 10))
  return `${(value / 1024 ** power).toPrecision(3)} ${units[power]}`
}
