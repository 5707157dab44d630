import { type DecisionEvent, inWords, type Step } from '@session-cluster/balancer'
import type { NodeSession, Outcome } from '@session-cluster/contract'
import type { WhyStep } from '../wire/record.ts'

/** Everything that a why line is told from. Ids come in masked. */
export interface WhyInput {
  readonly cookieName: string
  /** The masked session cookie that was sent. */
  readonly cookie?: string | undefined
  /** A cookie that was put there by hand, its value masked. */
  readonly forged?: { readonly name: string; readonly id: string } | undefined
  /** Sent past the balancer to this node. */
  readonly direct?: string | undefined
  readonly decisions: readonly Pick<DecisionEvent, 'upstream' | 'steps'>[]
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

/** An attempt after the first says why there is one, and nothing that the one before has said already. */
function attemptSteps(decision: WhyInput['decisions'][number], index: number, all: WhyInput['decisions']): WhyStep[] {
  const steps = decision.steps.map(stepOf)
  const before = all[index - 1]
  if (!before) return steps
  const said = new Set<string | undefined>(before.steps.map(inWords))
  const rest = steps.filter(({ raw }) => !said.has(raw))
  if (rest.some(({ key }) => key.startsWith('met.') || key === 'strict')) return rest
  return [{ key: 'failed', values: { node: before.upstream ?? '–' }, bad: true }, ...rest]
}

/** A reason of the balancer's as a step that can be translated; one of somebody's own affinity stays in its own words. */
function stepOf(step: Step): WhyStep {
  const raw = inWords(step)
  if (step.key === 'other') return { key: 'raw', raw }
  return {
    key: step.key,
    values: {
      ...('cookie' in step && { name: step.cookie }),
      ...('upstream' in step && { node: step.upstream }),
      ...('status' in step && { status: step.status }),
      ...('policy' in step && { policy: step.policy.replaceAll('-', ' ') }),
    },
    raw,
    ...(good.has(step.key) ? {} : { bad: true }),
  }
}

/** What is as it should be; every other reason is one for which things went another way. */
const good = new Set<Step['key']>(['affinity.none', 'affinity.pinned', 'pick.picked', 'pick.repicked', 'pick.retried'])

function answerSteps({ node, session, shared, failure, status, cookie, outcome }: WhyInput): WhyStep[] {
  if (failure !== undefined) return [{ key: `failure.${failure}`, bad: true }]
  if (node === undefined) return [{ key: 'balancer.answered', values: { status }, bad: status >= 500 }]
  const id = session?.maskedCookie ?? cookie ?? ''
  const store = shared && !session?.fromMemory ? 'redis' : 'memory'
  const values = { node, id, trips: session?.storeRoundTrips ?? 0, ms: Math.round((session?.storeMs ?? 0) * 10) / 10 }
  // The handler's value could not be kept as it is, so nothing was.
  if (status === 422) return [{ key: 'node.refused', values: { node, status }, bad: true }]
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
    case 'unreadable':
      return [{ key: 'redis.unreadable', values, bad: true }]
    case 'created':
      if (session.cookie === 'present')
        return [
          { key: `${store}.missing`, values, bad: true },
          { key: 'session.created', values },
        ]
      return [{ key: 'session.created', values }]
    case 'absent':
      return [{ key: 'session.absent', values }]
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
