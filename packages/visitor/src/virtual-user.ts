import { type Answer, type Ask, ask } from './client.ts'
import { CookieJar } from './cookie-jar.ts'
import type { Random } from './random.ts'
import { judge, type Visit } from './visit.ts'

/** Who a virtual user is and whom it talks to. */
export interface VirtualUserOptions {
  readonly name: string
  /** Where it sends its requests: the balancer's URL, or one node's. */
  readonly base: string
  /** What its token is drawn from. */
  readonly random: Random
  /** Bound for each of its requests. @default 10_000 */
  readonly timeoutMs?: number
}

/**
 * A client with a cookie jar that remembers the token which it saved in its session, so that what a server answers
 * later can be judged: no server's word is taken for it.
 */
export class VirtualUser {
  readonly name: string
  /** What it saves in its session: 16 letters of its own. */
  readonly token: string
  readonly jar = new CookieJar()
  /** Where it sends its requests; may be changed. */
  base: string
  readonly #timeoutMs: number

  constructor({ name, base, random, timeoutMs = 10_000 }: VirtualUserOptions) {
    this.name = name
    this.base = base
    this.token = Array.from({ length: 16 }, () => 'abcdefghijklmnopqrstuvwxyz'.charAt(Math.floor(random() * 26))).join(
      '',
    )
    this.#timeoutMs = timeoutMs
  }

  /** Sends a request with its cookies and keeps what comes back. */
  async ask(path: string, options: Ask & { base?: string } = {}): Promise<Answer> {
    const answer = await this.#send(path, options)
    this.jar.store(answer.headers['set-cookie'] ?? [])
    return answer
  }

  /** Saves its token in its session; throws unless the server says so. */
  async save(): Promise<Answer> {
    const answer = await this.ask(`/set?q=${this.token}`)
    if (answer.status !== 200 || answer.body !== `Saved: ${this.token}`) {
      throw new Error(`${this.name} could not save: ${answer.status} ${answer.body.slice(0, 200)}`)
    }
    return answer
  }

  /** Reads its token back and judges what came. Never throws: no answer is an `error`. */
  async visit(): Promise<Visit> {
    return this.#judged(() => this.ask('/get'))
  }

  /** As {@link visit}, from another address and without keeping any cookie: an observer's look. */
  async look(base: string): Promise<Visit> {
    return this.#judged(() => this.#send('/get', { base }))
  }

  #send(path: string, { base = this.base, headers, ...rest }: Ask & { base?: string }): Promise<Answer> {
    const cookie = this.jar.header
    return ask(new URL(path, base), {
      timeoutMs: this.#timeoutMs,
      ...rest,
      headers: { ...(cookie !== undefined && { cookie }), ...headers },
    })
  }

  async #judged(send: () => Promise<Answer>): Promise<Visit> {
    const sentAt = performance.now()
    const seen = { user: this.name, sentAt }
    try {
      const answer = await send()
      const outcome = judge(answer, this.token)
      const detail = outcome === 'found' ? undefined : `${answer.status} ${answer.body.slice(0, 200)}`
      return { ...seen, outcome, node: answer.node, status: answer.status, detail, tookMs: performance.now() - sentAt }
    } catch (error) {
      const detail = (error as Error).message
      return {
        ...seen,
        outcome: 'error',
        node: undefined,
        status: undefined,
        detail,
        tookMs: performance.now() - sentAt,
      }
    }
  }
}
