import type { SessionKey } from '../../carrier/id.ts'
import { type StoreOptions, StoreRefusedError } from '../store.ts'
import type { RedisCalls } from './calls.ts'
import type { RedisConnection } from './connection.ts'
import type { RedisKeys } from './layout.ts'
import { counting, escapeGlob } from './user-index.ts'

/** How often the keyspace is looked at before a new session is made, ms. */
const LOOK_EVERY_MS = 60_000

const INDEXED =
  "Spring's indexed repository (@EnableRedisIndexedHttpSession) keeps its sessions here, which ids: 'spring' does not " +
  'support: its index of users and its events would miss sessions, so that a logout everywhere would leave some alive. ' +
  'Use @EnableRedisHttpSession there, and end the sessions that are left; or give this store another namespace'

/**
 * Watches for Spring's indexed repository beside sessions that are shared with Spring: whatever a session of it is used
 * for here is refused, rather than done by half. It keeps a key `expires:<id>` beside each session.
 */
export class SpringNeighbour {
  readonly #connection: RedisConnection
  readonly #calls: RedisCalls
  readonly #keys: RedisKeys
  /** Where the next look goes on: keys are many, and one look sees some of them. */
  #next: { readonly cursor: string; readonly primary: number } = { cursor: '0', primary: 0 }
  #looked: { readonly at: number; readonly look: Promise<void> } | undefined
  #hasWarned = false

  constructor(connection: RedisConnection, calls: RedisCalls, keys: RedisKeys) {
    this.#connection = connection
    this.#calls = calls
    this.#keys = keys
  }

  /** Rejects with a `StoreRefusedError` when this session is one of the indexed repository's. */
  async check(key: SessionKey, options: StoreOptions): Promise<void> {
    const name = this.#keys.session(`expires:${key}`)
    const reply = await this.#calls.command(name, 'exists', [name], { ...options, ...counting(options) })
    if (reply === 1) this.#refuse()
  }

  /** The same for a session that is to be made: looks for any of that repository's, now and then. */
  look(options: StoreOptions): Promise<void> {
    const at = performance.now()
    if (this.#looked && at - this.#looked.at < LOOK_EVERY_MS) return this.#looked.look
    const look = this.#look(options)
    this.#looked = { at, look }
    look.catch(() => {
      this.#looked = undefined
    })
    return look
  }

  async #look(options: StoreOptions): Promise<void> {
    const primaries = this.#connection.primaries()
    const { cursor, primary } = this.#next
    const pattern = `${escapeGlob(this.#connection.keyPrefix + this.#keys.session('expires:'))}*`
    const args = [cursor, 'MATCH', pattern, 'COUNT', '1000']
    const server = primaries[primary % primaries.length]
    const [next, found] = (await this.#calls.command('', 'scan', args, options, server)) as [Buffer, Buffer[]]
    if (found.length > 0) this.#refuse()
    const isOver = String(next) === '0'
    this.#next = { cursor: String(next), primary: isOver ? primary + 1 : primary }
  }

  #refuse(): never {
    if (!this.#hasWarned) process.emitWarning(INDEXED, { type: 'SessionWarning', code: 'SESSION_SPRING_INDEXED' })
    this.#hasWarned = true
    throw new StoreRefusedError('SPRING_INDEXED', INDEXED)
  }
}
