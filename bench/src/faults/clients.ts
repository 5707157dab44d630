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
}

/** Longer than this no answer is waited for, ms. */
const PATIENCE_MS = 30_000

/** How long a client rests between two visits, ms. */
const REST_MS = 20

const METHODS: Record<Operation, (argument: string) => readonly [method: string, path: string]> = {
  set: (argument) => ['GET', `/set?q=${argument}`],
  get: () => ['GET', '/get'],
  count: () => ['POST', '/counter'],
  counter: () => ['GET', '/counter'],
  add: (argument) => ['POST', `/cart/add?item=${argument}`],
  cart: () => ['GET', '/cart'],
  login: (argument) => ['POST', `/login?user=${argument}`],
  logout: () => ['POST', '/logout'],
  dead: () => ['GET', '/get'],
}

/** A browser of the run: one cookie jar, one visit after another; several tabs may share it. */
export class Client {
  readonly name: string
  readonly #course: Course
  readonly #isShared: boolean
  /** `name=value` of its session's cookie. */
  #cookie = ''
  readonly #dead: string[] = []
  #values = 0

  constructor(name: string, course: Course, isShared = false) {
    this.name = name
    this.#course = course
    this.#isShared = isShared
  }

  /** Acts at random until it is told to stop. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.act(this.#choose())
      await pause(REST_MS * this.#course.random() * 2)
    }
  }

  #choose(): Operation {
    const chances: readonly (readonly [Operation, number])[] = this.#isShared
      ? [
          ['count', 4],
          ['counter', 2],
          ['add', 0.3],
          ['cart', 1],
        ]
      : [
          ['set', 4],
          ['get', 5],
          ['count', 4],
          ['counter', 2],
          ['add', 1],
          ['cart', 2],
          ['login', 1],
          ['logout', 0.3],
          ['dead', this.#dead.length && 2],
        ]
    let left = this.#course.random() * chances.reduce((sum, [, chance]) => sum + chance, 0)
    for (const [operation, chance] of chances) {
      left -= chance
      if (left < 0) return operation
    }
    return 'get'
  }

  /** One visit, at a node or through a balancer. */
  async act(operation: Operation, where = this.#somewhere()): Promise<Visit> {
    const { now, record } = this.#course
    const argument = operation === 'login' ? this.name : `${this.name}-${++this.#values}`
    const [method, path] = METHODS[operation](argument)
    const cookie = operation === 'dead' ? this.#anyDead() : this.#cookie
    const sentAt = now()
    const answer = await ask(`${this.#course.targets.get(where)}${path}`, method, cookie)
    const given = answer.cookies.find((line) => line.startsWith('SESSION='))?.split(';')[0]
    const isNew = given !== undefined && given !== cookie && given !== 'SESSION='
    const visit: Visit = {
      client: this.name,
      isShared: this.#isShared,
      operation,
      argument,
      where,
      sentAt,
      doneAt: now(),
      status: answer.status,
      body: answer.body.slice(0, 4_000),
      hasRetryAfter: answer.hasRetryAfter,
      isFresh: isNew && operation !== 'dead' && !(operation === 'login' && cookie !== ''),
    }
    record(visit)
    if (operation === 'login' && answer.status === 200 && isNew && cookie !== '') this.#dead.push(cookie)
    if (operation === 'logout' && answer.status === 200 && cookie !== '') {
      this.#dead.push(cookie)
      this.#cookie = ''
    } else if (isNew && operation !== 'dead') this.#cookie = given
    return visit
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

async function ask(url: string, method: string, cookie: string) {
  try {
    const headers = { ...(cookie ? { cookie } : {}), accept: 'text/plain, */*;q=0.1', connection: 'close' }
    const response = await fetch(url, { method, headers, signal: AbortSignal.timeout(PATIENCE_MS) })
    return {
      status: response.status,
      body: await response.text(),
      hasRetryAfter: response.headers.has('retry-after'),
      cookies: response.headers.getSetCookie(),
    }
  } catch {
    return { status: 0, body: '', hasRetryAfter: false, cookies: [] }
  }
}
