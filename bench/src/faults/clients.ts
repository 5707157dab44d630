import { setTimeout as pause } from 'node:timers/promises'
import type { Operation, Visit } from './history.ts'

/** Where requests go: by name, the base URL. */
export type Targets = ReadonlyMap<string, string>

/** What all clients of a run share. */
export interface Course {
  readonly targets: Targets
  readonly random: () => number
  /** ms since the run began. */
  readonly now: () => number
  readonly record: (visit: Visit) => void
  /** The run's own number of a cookie, so that no session id is kept. */
  readonly nameOf: (cookie: string) => string
  /** How long a client rests between two visits, ms, on average. */
  readonly restMs: number
}

/** Longer than this no answer is waited for, ms. */
const PATIENCE_MS = 30_000

/** At most so long a change takes between its load and its commit, ms: others come between. */
const MOST_THOUGHT_MS = 100

const METHODS: Record<Operation, (argument: string, thoughtMs: number) => readonly [method: string, path: string]> = {
  set: (argument, thoughtMs) => ['POST', `/slow-set?q=${argument}&ms=${thoughtMs}`],
  get: () => ['GET', '/get'],
  count: () => ['POST', '/counter'],
  counter: () => ['GET', '/counter'],
  add: (argument) => ['POST', `/cart/add?item=${argument}`],
  cart: () => ['GET', '/cart'],
  login: (argument) => ['POST', `/login?user=${argument}`],
  logout: () => ['POST', '/logout'],
  dead: () => ['GET', '/get'],
}

const CHANCES: readonly (readonly [Operation, number])[] = [
  ['set', 4],
  ['get', 5],
  ['count', 4],
  ['counter', 2],
  ['add', 1],
  ['cart', 2],
  ['login', 1],
  ['logout', 0.3],
  ['dead', 2],
]

/** A browser of the run: one cookie jar; one visit after another, or several tabs at once. */
export class Client {
  readonly name: string
  readonly #course: Course
  /** `name=value` of its session's cookie. */
  #cookie = ''
  readonly #dead: string[] = []
  #values = 0

  constructor(name: string, course: Course) {
    this.name = name
    this.#course = course
  }

  /** Acts at random, in so many tabs, until it is told to stop. */
  async run(tabs: number, isOver: () => boolean): Promise<void> {
    await Promise.all(Array.from({ length: tabs }, () => this.#tab(isOver)))
  }

  async #tab(isOver: () => boolean): Promise<void> {
    const { random, restMs } = this.#course
    while (!isOver()) {
      await this.act(this.#choose())
      await pause(restMs * random() * 2)
    }
  }

  #choose(): Operation {
    let left = this.#course.random() * CHANCES.reduce((sum, [, chance]) => sum + chance, 0)
    for (const [operation, chance] of CHANCES) {
      left -= chance
      if (left < 0 && (operation !== 'dead' || this.#dead.length > 0)) return operation
    }
    return 'get'
  }

  /** One visit, at a node or through a balancer. */
  async act(operation: Operation, where = this.#somewhere()): Promise<void> {
    const { now, record, nameOf, targets } = this.#course
    const argument = operation === 'login' ? this.name : `${this.name}-${++this.#values}`
    const [method, path] = METHODS[operation](argument, Math.floor(this.#course.random() * MOST_THOUGHT_MS))
    const cookie = operation === 'dead' ? this.#anyDead() : this.#cookie
    const sentAt = now()
    const { cookies, ...answer } = await ask(`${targets.get(where)}${path}`, method, cookie)
    const line = cookies.find((each) => each.startsWith('SESSION='))?.split(';')[0] ?? ''
    const given = line === cookie || line === 'SESSION=' ? '' : line
    const ids = { bore: nameOf(cookie), given: nameOf(given) }
    record({ client: this.name, operation, argument, where, sentAt, doneAt: now(), ...answer, ...ids })
    if (operation === 'dead') return
    const isEnd = answer.status === 200 && (operation === 'logout' || (operation === 'login' && given !== ''))
    if (isEnd && cookie !== '') this.#dead.push(cookie)
    if (given !== '') this.#cookie = given
    // Another tab may have begun a new session meanwhile.
    else if (isEnd && this.#cookie === cookie) this.#cookie = ''
  }

  /** Asks everybody for everything. */
  async takeStock(): Promise<void> {
    for (const where of this.#course.targets.keys()) {
      for (const operation of ['get', 'counter', 'cart'] as const) await this.act(operation, where)
      if (this.#dead.length > 0) await this.act('dead', where)
    }
  }

  #somewhere(): string {
    const names = [...this.#course.targets.keys()]
    return names[Math.floor(this.#course.random() * names.length)] as string
  }

  #anyDead(): string {
    return this.#dead[Math.floor(this.#course.random() * this.#dead.length)] ?? ''
  }
}

type Answer = Pick<Visit, 'status' | 'body' | 'reason' | 'hasRetryAfter'> & { readonly cookies: readonly string[] }

async function ask(url: string, method: string, cookie: string): Promise<Answer> {
  try {
    const headers = { ...(cookie ? { cookie } : {}), accept: 'application/json', connection: 'close' }
    const response = await fetch(url, { method, headers, signal: AbortSignal.timeout(PATIENCE_MS) })
    const { status } = response
    const cookies = response.headers.getSetCookie()
    return { status, ...inWords(await response.text()), hasRetryAfter: response.headers.has('retry-after'), cookies }
  } catch {
    return { status: 0, body: '', reason: '', hasRetryAfter: false, cookies: [] }
  }
}

/** Of a problem (RFC 9457) its words and its type; all else as it is. */
function inWords(text: string): Pick<Visit, 'body' | 'reason'> {
  try {
    const answer = JSON.parse(text)
    if (typeof answer?.type !== 'string') return { body: JSON.stringify(answer), reason: '' }
    return { body: answer.detail ?? answer.title ?? '', reason: answer.type.split(':').at(-1) }
  } catch {
    return { body: text, reason: '' }
  }
}
