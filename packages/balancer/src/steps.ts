import type { UpstreamState } from './pool/upstream.ts'

/**
 * One reason of a decision, as data; {@link inWords} makes a sentence of it, and whoever shows it in another language goes by `key`.
 * `affinity.…` what the request says of where its client was; `state.…` the pinned upstream cannot take it; `strict` nor may another;
 * `met.…` what an earlier attempt met with; `pick.…` what the policy did; `other` a reason of an affinity of your own.
 */
export type Step =
  | { readonly key: 'affinity.none' }
  | { readonly key: 'affinity.pinned'; readonly cookie: string; readonly upstream: string }
  | { readonly key: 'affinity.unknown' | 'affinity.unrouted'; readonly cookie: string }
  | { readonly key: `state.${UpstreamState | 'full'}`; readonly upstream: string }
  | { readonly key: 'strict'; readonly upstream: string }
  | { readonly key: `met.${'refused' | 'unreachable' | 'died'}`; readonly upstream: string }
  | { readonly key: 'met.status'; readonly upstream: string; readonly status: number }
  | { readonly key: `pick.${'picked' | 'repicked' | 'retried'}`; readonly upstream: string; readonly policy: string }
  | { readonly key: 'pick.none' | 'pick.full' }
  | { readonly key: 'other'; readonly words: string }

const MET = {
  'met.refused': 'refused the connection',
  'met.unreachable': 'could not be reached',
  'met.died': 'died before it answered',
}

/** The step as an English sentence: `cookie AFFINITY: pinned to b`, `b is down`, `repicked c by round robin`. */
export function inWords(step: Step): string {
  switch (step.key) {
    case 'affinity.none':
      return 'no affinity yet'
    case 'affinity.pinned':
      return `cookie ${step.cookie}: pinned to ${step.upstream}`
    case 'affinity.unknown':
      return `cookie ${step.cookie}: names no upstream known here`
    case 'affinity.unrouted':
      return `cookie ${step.cookie}: has no route`
    case 'strict':
      return `${step.upstream} failed, and affinity is strict`
    case 'met.refused':
    case 'met.unreachable':
    case 'met.died':
      return `${step.upstream} ${MET[step.key]}`
    case 'met.status':
      return `${step.upstream} answered ${step.status}`
    case 'pick.picked':
    case 'pick.repicked':
    case 'pick.retried':
      return `${step.key.slice('pick.'.length)} ${step.upstream} by ${step.policy.replaceAll('-', ' ')}`
    case 'pick.none':
      return 'no upstream is available'
    case 'pick.full':
      return 'every upstream is full'
    case 'state.maintenance':
      return `${step.upstream} is in maintenance`
    case 'state.leaving':
      return `${step.upstream} is being removed`
    case 'other':
      return step.words
    default:
      return `${step.upstream} is ${step.key.slice('state.'.length)}`
  }
}
