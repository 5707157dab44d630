import type { NodeSession, Outcome } from '@session-cluster/contract'
import type { WhyStep } from '../wire/record.ts'
import type { DecisionEvent } from './events.ts'

/** Everything that a why line is told from. Ids come in masked. */
export interface WhyInput {
  readonly cookieName: string
  /** The masked session cookie that was sent. */
  readonly cookie?: string | undefined
  /** A cookie that was put there by hand, its value masked. */
  readonly forged?: { readonly name: string; readonly id: string } | undefined
  /** Sent past the balancer to this node. */
  readonly direct?: string | undefined
  readonly decisions: readonly DecisionEvent[]
  /** The node that answered. */
  readonly node?: string | undefined
  readonly session?: NodeSession | undefined
  readonly shared: boolean
  readonly outcome: Outcome
  readonly status: number
  /** How no answer came. */
  readonly failure?: string | undefined
  readonly holder?: string | undefined
  /** Where the session lived when it was lost. */
  readonly home?: string | undefined
  readonly overwrote?: boolean | undefined
  readonly overwritten?: boolean | undefined
  /** The session's own time was over. */
  readonly ended?: boolean | undefined
}

/** The chain from the cookie to the verdict, one step for each thing that someone really said. */
export function why(input: WhyInput): WhyStep[] {
  return [
    ...clientSteps(input),
    ...input.decisions.flatMap(attemptSteps),
    ...answerSteps(input),
    ...verdictSteps(input),
  ]
}

function clientSteps({ cookie, cookieName, forged, direct }: WhyInput): WhyStep[] {
  const steps: WhyStep[] = []
  if (forged?.name !== cookieName)
    steps.push(
      cookie === undefined
        ? { key: 'cookie.none', values: { name: cookieName } }
        : { key: 'cookie.sent', values: { name: cookieName, id: cookie } },
    )
  if (forged) steps.push({ key: 'cookie.forged', values: { ...forged } })
  if (direct !== undefined) steps.push({ key: 'direct', values: { node: direct } })
  return steps
}

const sentences: readonly (readonly [RegExp, (match: RegExpExecArray) => WhyStep])[] = [
  [/^no affinity yet$/, () => ({ key: 'affinity.none' })],
  [
    /^cookie (\S+): pinned to (\S+)$/,
    ([, name = '', node = '']) => ({ key: 'affinity.pinned', values: { name, node } }),
  ],
  [/^cookie (\S+): names no upstream/, ([, name = '']) => ({ key: 'affinity.unknown', values: { name }, bad: true })],
  [
    /^(\S+) is (down|ejected|draining|maintenance|leaving|full)$/,
    ([, node = '', state = '']) => ({ key: `state.${state}`, values: { node }, bad: true }),
  ],
  [
    /^(picked|repicked|retried) (\S+) by (.+)$/,
    ([, how = '', node = '', policy = '']) => ({ key: `pick.${how}`, values: { node, policy } }),
  ],
  [
    /^(\S+) (refused|could not|died) .+$/,
    ([, node = '', how = '']) => ({
      key: `met.${how === 'could not' ? 'unreachable' : how}`,
      values: { node },
      bad: true,
    }),
  ],
  [/^(\S+) failed, and affinity is strict$/, ([, node = '']) => ({ key: 'strict', values: { node }, bad: true })],
  [/^every upstream is full$/, () => ({ key: 'pick.full', bad: true })],
  [/^no upstream is available$/, () => ({ key: 'pick.none', bad: true })],
]

/** An attempt after the first says why there is one, and nothing that the one before has said already. */
function attemptSteps(decision: DecisionEvent, index: number, all: readonly DecisionEvent[]): WhyStep[] {
  const steps = decisionSteps(decision)
  const before = all[index - 1]
  if (!before) return steps
  const rest = steps.filter(({ raw }) => raw === undefined || !before.why.includes(raw))
  if (rest.some(({ key }) => key.startsWith('met.') || key === 'strict')) return rest
  return [{ key: 'failed', values: { node: before.upstream ?? '–' }, bad: true }, ...rest]
}

/** The balancer's sentences as steps that can be translated; one that is not known stays in its own words. */
function decisionSteps({ why: lines }: DecisionEvent): WhyStep[] {
  return lines.map((raw) => {
    for (const [pattern, step] of sentences) {
      const match = pattern.exec(raw)
      if (match) return { ...step(match), raw }
    }
    return { key: 'raw', raw }
  })
}

function answerSteps({ node, session, shared, failure, status, cookie, outcome }: WhyInput): WhyStep[] {
  if (failure !== undefined) return [{ key: `failure.${failure}`, bad: true }]
  if (node === undefined) return [{ key: 'balancer.answered', values: { status }, bad: status >= 500 }]
  const id = session?.maskedCookie ?? cookie ?? ''
  const store = shared ? 'redis' : 'memory'
  const values = { node, id, trips: session?.storeRoundTrips ?? 0, ms: Math.round((session?.storeMs ?? 0) * 10) / 10 }
  if (!session) return [{ key: 'node.answered', values: { node, status }, bad: status >= 500 }]
  switch (session.outcome) {
    case 'found':
      // The session is there and the token is not: its bytes are another codec's.
      if (shared && (outcome === 'unreadable' || outcome === 'miss'))
        return [
          { key: 'redis.found', values },
          { key: 'redis.unreadable', values, bad: true },
        ]
      return status === 404 && outcome === 'found'
        ? [
            { key: `${store}.found`, values },
            { key: 'session.empty', values },
          ]
        : [{ key: `${store}.found`, values }]
    case 'unknown':
    case 'rotated':
      return [{ key: `${store}.missing`, values, bad: true }]
    case 'created':
      if (session.cookie === 'present')
        return [
          { key: `${store}.missing`, values, bad: true },
          { key: 'session.created', values },
        ]
      return [{ key: 'session.created', values }]
    case 'expired':
    case 'malformed':
    case 'failed':
      return [{ key: `session.${session.outcome}`, values, bad: true }]
    default:
      return [{ key: 'node.answered', values: { node, status }, bad: status >= 500 }]
  }
}

function verdictSteps({ outcome, holder, home, overwrote, overwritten, ended, cookieName }: WhyInput): WhyStep[] {
  const steps: WhyStep[] = []
  if (outcome === 'miss' && holder !== undefined) steps.push({ key: 'holder', values: { node: holder } })
  if (ended) steps.push({ key: 'ended' })
  if (outcome === 'unreadable') steps.push({ key: 'unreadable', bad: true })
  if (overwritten) steps.push({ key: 'overwritten', values: { name: cookieName }, bad: true })
  else if (outcome === 'lost')
    steps.push(
      home === undefined ? { key: 'gone.all', bad: true } : { key: 'gone.home', values: { node: home }, bad: true },
    )
  if (overwrote) steps.push({ key: 'overwrote', values: { name: cookieName }, bad: true })
  return steps
}

/** The end of an id, enough to tell two apart and too little to use one. */
export function mask(value: string): string {
  return `…${decodeURIComponentOr(value).replace(/=+$/, '').slice(-2)}`
}

function decodeURIComponentOr(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
