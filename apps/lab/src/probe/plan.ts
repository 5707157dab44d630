import { setTimeout as sleep } from 'node:timers/promises'
import { CookieJar } from '@session-cluster/visitor'
import type { ProbeArguments, Typed } from './arguments.ts'
import { NoMoreError, type ProbeClient } from './client.ts'
import { affinityCookies, sessionCookie } from './cookies.ts'
import type { Exchange, Question } from './exchange.ts'

/** The page cannot be probed: the message is one line that says why. */
export class NotProbedError extends Error {
  readonly code = 'LAB_PROBE_STOP'
}

const newcomers = 10
/** Writes that are sent at once by `--increment`. */
export const parallelWrites = 10

/** The questions that the options ask. */
export function questions(of: ProbeArguments): readonly Question[] {
  return [
    ...(of.nodes.length ? (['node'] as const) : []),
    ...(of.login ? (['login'] as const) : []),
    ...(of.logout ? (['logout'] as const) : []),
    ...(of.increment ? (['increment'] as const) : []),
    ...(of.watchMs === undefined ? [] : (['watch'] as const)),
  ]
}

/**
 * Asks all questions in turn, one request at a time but for the parallel writes. Answers why it ended early, if it did.
 * Throws `NotProbedError` when the first answer is none that more questions could be put to.
 */
export async function carryOut(
  of: ProbeArguments,
  client: ProbeClient,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await new Plan(of, client, signal).run()
    return undefined
  } catch (error) {
    if (error instanceof NoMoreError) return error.message
    if (signal.aborted) return 'its time was up, or it was stopped'
    throw error
  }
}

class Plan {
  readonly #of: ProbeArguments
  readonly #client: ProbeClient
  readonly #signal: AbortSignal
  readonly #owner = new CookieJar()

  constructor(of: ProbeArguments, client: ProbeClient, signal: AbortSignal) {
    this.#of = of
    this.#client = client
    this.#signal = signal
  }

  async run(): Promise<void> {
    const { login, logout, increment, watchMs } = this.#of
    proveThatItAnswers(await this.#page('first', 'owner', this.#owner), this.#of)
    if (this.#of.start) await this.#typed('start', 'owner', this.#owner, this.#of.start)
    if (login) await this.#logIn(login)
    await this.#times(8, () => this.#page('return', 'owner', this.#owner))
    await this.#newcomers()
    await this.#controls()
    await this.#otherServers('node')
    await this.#otherServers('node-forged', this.#forged())
    if (increment) await this.#increment(increment)
    if (logout) await this.#logOut(logout)
    if (watchMs !== undefined) await this.#watch(watchMs)
  }

  async #logIn(login: Typed): Promise<void> {
    await this.#times(2, () => this.#page('before', 'owner', this.#owner))
    const old = this.#owner.clone()
    await this.#typed('login', 'owner', this.#owner, login)
    await this.#times(2, () => this.#page('after', 'owner', this.#owner.clone()))
    if (this.#session() && old.get(this.#session() ?? '') !== undefined)
      await this.#times(2, () => this.#page('old-id', 'old', old.clone()))
  }

  /** In rounds of another order each: in one order a balancer that goes round would look as if it pinned. */
  async #newcomers(): Promise<void> {
    const clients = Array.from({ length: newcomers }, (_, index) => ({
      name: `newcomer ${index + 1}`,
      jar: new CookieJar(),
    }))
    const visit = async (order: typeof clients) => {
      for (const { name, jar } of order) await this.#page('newcomer', name, jar)
    }
    await visit(clients)
    if (this.#of.start) for (const { name, jar } of clients) await this.#typed('start', name, jar, this.#of.start)
    await visit(clients.toReversed())
    await visit([...clients.slice(newcomers / 2), ...clients.slice(0, newcomers / 2)])
  }

  /** The same request with each cookie left out, with the id as it is, and with an id that nobody was given. */
  async #controls(): Promise<void> {
    const session = this.#session()
    const affinity = affinityCookies(this.#client.history).filter((name) => this.#owner.get(name) !== undefined)
    for (const name of [...affinity.slice(0, 2), ...(session ? [session] : [])])
      await this.#times(4, () => this.#page('without', 'owner', without(this.#owner, name)))
    if (!session || this.#owner.get(session) === undefined) return
    await this.#times(6, () => this.#page('known', 'owner', this.#owner.clone()))
    await this.#times(4, () => this.#page('forged', 'forger', this.#forged()))
  }

  /** The owner's cookies with an id that nobody was given. */
  #forged(): CookieJar {
    const session = this.#session()
    const value = session && this.#owner.get(session)
    const jar = this.#owner.clone()
    if (session && value !== undefined) jar.set(session, madeUp(value))
    return jar
  }

  async #otherServers(step: 'node' | 'node-forged' | 'logged-out', jar = this.#owner): Promise<void> {
    for (const node of this.#of.nodes) {
      const { pathname, search } = this.#of.target
      const at = new URL(node.pathname === '/' ? `${pathname}${search}` : node.href, node)
      await this.#times(2, () => this.#client.ask({ step, client: 'owner', jar: jar.clone(), at }))
    }
  }

  async #increment(typed: Typed): Promise<void> {
    const jar = this.#owner.clone()
    await this.#times(2, () => this.#typed('serial', 'owner', jar, typed))
    const writes = Array.from({ length: parallelWrites }, () => this.#typed('parallel', 'owner', jar.clone(), typed))
    for (const { reason } of (await Promise.allSettled(writes)).filter((one) => one.status === 'rejected')) throw reason
    await this.#typed('last', 'owner', jar, typed)
  }

  async #logOut(logout: Typed): Promise<void> {
    const jar = this.#owner.clone()
    await this.#typed('logout', 'owner', this.#owner, logout)
    await this.#times(2, () => this.#page('logged-out', 'owner', jar.clone()))
    await this.#otherServers('logged-out', jar)
  }

  /** Clients keep the ids that they had before; whatever else the answers set, they follow, as a browser does. */
  async #watch(watchMs: number): Promise<void> {
    const clients: { name: string; jar: CookieJar; id: string | undefined }[] = []
    const session = this.#session() ?? ''
    for (let number = 1; number <= (this.#of.login ? 3 : 6); number++) {
      const [name, jar] = [`watcher ${number}`, new CookieJar()]
      await this.#page('watch', name, jar)
      const begin = this.#of.login ?? this.#of.start
      if (begin) await this.#typed('start', name, jar, begin)
      clients.push({ name, jar, id: jar.get(session) })
    }
    const ends = performance.now() + watchMs
    const pauseMs = Math.max(100, watchMs / Math.max(1, this.#client.left))
    for (let turn = 0; performance.now() < ends && this.#client.left > 0; turn++) {
      const { name, jar, id } = clients[turn % clients.length] as (typeof clients)[number]
      const asked = performance.now()
      await this.#page('watch', name, jar)
      if (id !== undefined) jar.set(session, id)
      await sleep(Math.max(0, pauseMs - (performance.now() - asked)), undefined, { signal: this.#signal })
    }
  }

  #session(): string | undefined {
    const { cookie } = this.#of
    return sessionCookie({ history: this.#client.history, ...(cookie === undefined ? {} : { cookie }) })?.name
  }

  #page(step: Exchange['step'], client: string, jar: CookieJar) {
    return this.#client.ask({ step, client, jar })
  }

  #typed(step: Exchange['step'], client: string, jar: CookieJar, typed: Typed) {
    return this.#client.ask({ step, client, jar, typed })
  }

  async #times(count: number, ask: () => Promise<unknown>): Promise<void> {
    for (let time = 0; time < count; time++) await ask()
  }
}

function proveThatItAnswers(
  { failed, status = 0, location }: Exchange,
  { target, login, start }: ProbeArguments,
): void {
  if (failed !== undefined) throw new NotProbedError(`${target.href} ${failed}`)
  if (status >= 500) throw new NotProbedError(`${target.href} answers ${status}: nothing can be found out from that`)
  if (status < 300 || status >= 400 || status === 304) return
  const stays = location !== undefined && URL.parse(location)?.origin === target.origin
  if (stays && (login ?? start)) return
  const hint = stays ? ', or --login where it wants one' : ''
  throw new NotProbedError(`${target.href} redirects to ${location ?? 'nowhere'}: probe that URL instead${hint}`)
}

function without(jar: CookieJar, name: string): CookieJar {
  const rest = jar.clone()
  rest.delete(name)
  return rest
}

/** An id of the same shape that nobody was given: what follows the last dot, which may name a server, stays. */
function madeUp(value: string): string {
  const route = /\.[\w-]{1,16}$/.exec(value)?.[0] ?? ''
  const any = (letters: string) => letters[Math.floor(Math.random() * letters.length)] as string
  const id = value.slice(0, value.length - route.length)
  return (
    id.replaceAll(/\d|[a-f]|[A-F]|[g-z]|[G-Z]/g, (letter) => {
      if (/\d/.test(letter)) return any('0123456789')
      if (/[a-f]/.test(letter)) return any('abcdef')
      if (/[A-F]/.test(letter)) return any('ABCDEF')
      return any(/[a-z]/.test(letter) ? 'ghijklmnopqrstuvwxyz' : 'GHIJKLMNOPQRSTUVWXYZ')
    }) + route
  )
}
