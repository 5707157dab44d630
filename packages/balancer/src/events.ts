import type { UpstreamState } from './pool/upstream.ts'
import type { Step } from './steps.ts'

/** A request was given to an upstream; one for each attempt. `at` is epoch ms. */
export interface DecisionEvent {
  requestId: string
  at: number
  method: string
  path: string
  /** `undefined` when none could take it. */
  upstream: string | undefined
  /** 1 for the first. */
  attempt: number
  reason: string
  /** Why, first to last; `inWords` makes sentences of them. */
  steps: readonly Step[]
}

/** A request is over. */
export interface DoneEvent {
  requestId: string
  at: number
  method: string
  path: string
  /** The one that was asked last. */
  upstream: string | undefined
  /** As the client saw it; 499 when it left before. */
  status: number
  ms: number
  attempts: number
  /** How it ended, in a word: see {@link Termination}. */
  termination: string
}

/** An upstream changed its state, or came or went. */
export interface UpstreamEvent {
  at: number
  name: string
  state: UpstreamState | 'added' | 'removed'
  reason: string
}

/** What the balancer tells, by name. */
export interface BalancerEvents {
  decision: DecisionEvent
  done: DoneEvent
  upstream: UpstreamEvent
}

/** One of the events' names. */
export type EventName = keyof BalancerEvents

type Listener<N extends EventName> = (event: BalancerEvents[N]) => void

/** Listeners by event. Making an event costs nothing while nobody listens: ask `wants` first. */
export class Events {
  readonly #listeners: { [N in EventName]: Set<Listener<N>> } = {
    decision: new Set(),
    done: new Set(),
    upstream: new Set(),
  }

  wants(name: EventName): boolean {
    return this.#listeners[name].size > 0
  }

  /** @returns a function that stops listening */
  on<N extends EventName>(name: N, listener: Listener<N>): () => void {
    this.#listeners[name].add(listener)
    return () => void this.#listeners[name].delete(listener)
  }

  emit<N extends EventName>(name: N, event: BalancerEvents[N]): void {
    for (const listener of this.#listeners[name]) listener(event)
  }
}
