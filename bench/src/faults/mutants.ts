/** The session library with one guarantee taken out: a change of one place in one file. */
export interface Mutant {
  /** What is no longer so. */
  readonly broken: string
  /** Below packages/session/src. */
  readonly file: string
  /** Text that is in the file once, and what stands there instead. */
  readonly from: string
  readonly to: string
  /** The faults that are made while it runs. */
  readonly kinds: readonly string[]
  /** One of the violations that must be found. */
  readonly finds: RegExp
}

const CALM = ['Redis forgets its scripts']
const HELD = ['one node’s line to Redis holds everything back, then delivers it']
const UNANSWERED = ['one node’s answers from Redis are lost']
const store = (file: string): string => `store/redis/${file}.ts`

/** Each guarantee that the checker is there for, broken once on purpose: a checker that never finds anything proves nothing. */
export const mutants: readonly Mutant[] = [
  {
    broken: 'Redis refuses a change that comes after its time (the fence)',
    file: store('scripts'),
    from: 'if micros < tonumber(ARGV[1]) or micros > tonumber(ARGV[2]) then',
    to: 'if false then',
    kinds: HELD,
    finds: /a value is back, or lost|a session is gone that nobody ended/,
  },
  {
    broken: 'the fence is as long as the request waits, not five seconds longer',
    file: store('clock'),
    from: 'Math.floor(giveUpAt * 1000 + lead(known, giveUpAt))',
    to: 'Math.floor((giveUpAt + 5000) * 1000 + lead(known, giveUpAt))',
    kinds: HELD,
    finds: /a value is back, or lost|a session is gone that nobody ended/,
  },
  {
    broken: 'update compares before it sets (a counter is read, changed and written)',
    file: store('redis'),
    from: 'if (!expect) return',
    to: 'if (!expect || delta) return',
    kinds: CALM,
    finds: /a count that was given twice/,
  },
  {
    broken: 'a change that may have been made is not sent again',
    file: store('calls'),
    from: 'const made = this.#again(key, options, false,',
    to: 'const made = this.#again(key, options, true,',
    kinds: UNANSWERED,
    finds: /a count that cannot be|a session is gone that nobody ended/,
  },
  {
    broken: 'a change is acknowledged when Redis has it, not before',
    file: store('redis'),
    from: `    return verdict(
      await this.#calls.change(UPDATE, [this.#keys.session(key)], [...args, ...changes(delta, fields)], options),
    )`,
    to: `    this.#calls.change(UPDATE, [this.#keys.session(key)], [...args, ...changes(delta, fields)], options).catch(() => {})
    return 'ok'`,
    kinds: ['Redis is frozen'],
    finds: /a value is back, or lost|a count that was given twice/,
  },
  {
    broken: 'a change of a session that has ended is refused (409)',
    file: 'request/commit.ts',
    from: "if (result === 'gone') throw request.gone()",
    to: '',
    kinds: CALM,
    finds: /a value is back, or lost|a session is there after it had ended/,
  },
  {
    broken: 'a change never brings back a hash that is gone',
    file: store('scripts'),
    from: "if not exists(KEYS[1]) then return 0 end\nif ARGV[9] ~= ''",
    to: "if ARGV[9] ~= ''",
    kinds: CALM,
    finds: /a key with half a session/,
  },
  {
    broken: 'a login ends the old id',
    file: store('scripts'),
    from: "redis.call('RENAME', KEYS[1], KEYS[2])",
    to: "redis.call('COPY', KEYS[1], KEYS[2])",
    kinds: CALM,
    finds: /a session is there after it had ended \(login/,
  },
  {
    broken: 'a login keeps the data',
    file: store('scripts'),
    from: "redis.call('RENAME', KEYS[1], KEYS[2])",
    to: "redis.call('RENAME', KEYS[1], KEYS[2]) redis.call('HDEL', KEYS[2], 'sessionAttr:q', 'sessionAttr:counter')",
    kinds: CALM,
    finds: /a value is back, or lost/,
  },
  {
    broken: 'a logout ends the session',
    file: store('scripts'),
    from: "local count = redis.call('UNLINK', KEYS[1])",
    to: 'local count = 1',
    kinds: CALM,
    finds: /a session is there after it had ended \(logout/,
  },
  {
    broken: 'a session is read whole and of now (nothing is remembered between requests)',
    file: store('redis'),
    from: 'this.#calls.read(LOAD, [name, this.#keys.rotated(key)], times, options),',
    to: `((globalThis as any).memo ??= new Map()).get(name) ??
        this.#calls.read(LOAD, [name, this.#keys.rotated(key)], times, options).then((reply) => {
          (globalThis as any).memo.set(name, reply)
          setTimeout(() => (globalThis as any).memo.delete(name), 200)
          return reply
        }),`,
    kinds: CALM,
    finds: /a value is back, or lost|a session is there after it had ended/,
  },
  {
    broken: 'a request gets its own session (one in fifty gets the one before)',
    file: store('redis'),
    from: 'const name = this.#keys.session(key)\n    const link',
    to: `const name = this.#keys.session(
      Math.random() < 0.02 ? ((globalThis as any).before ?? key) : ((globalThis as any).before = key),
    )
    const link`,
    kinds: CALM,
    finds: /a value of another client/,
  },
  {
    broken: 'an id is given once',
    file: 'carrier/id.ts',
    from: `  pool.fill(0, offset, offset + ID_BYTES)
  offset += ID_BYTES`,
    to: '  if (Math.random() < 0.7) offset += ID_BYTES',
    kinds: CALM,
    finds: /an id that another client was given/,
  },
  {
    broken: 'who cannot be read gets an error, not a fresh session',
    file: store('redis'),
    from: 'this.#calls.read(LOAD, [name, this.#keys.rotated(key)], times, options),',
    to: 'this.#calls.read(LOAD, [name, this.#keys.rotated(key)], times, options).catch(() => null),',
    kinds: ['one node’s line to Redis is cut, every 500 ms', 'one node cannot reach Redis'],
    finds: /a session is gone that nobody ended/,
  },
  {
    broken: 'every key has a time to live',
    file: store('scripts'),
    from: "apply(KEYS[1], 8)\nif ttl > 0 then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end",
    to: 'apply(KEYS[1], 8)',
    kinds: CALM,
    finds: /a key that never expires/,
  },
  {
    broken: 'a store that does not answer is a 503',
    file: 'errors.ts',
    from: "statusCode: 503, headers: { 'retry-after': seconds }, cause",
    to: "statusCode: 500, headers: { 'retry-after': seconds }, cause",
    kinds: ['Redis is frozen'],
    finds: /an internal error|a 5xx/,
  },
  {
    broken: 'a 503 says when to come again',
    file: 'errors.ts',
    from: "headers: { 'retry-after': seconds }, cause",
    to: 'cause',
    kinds: ['Redis is full'],
    finds: /a 503 without Retry-After/,
  },
  {
    broken: 'nobody hangs',
    file: 'store/store-client.ts',
    from: "reject(this.#failed(current, 'timeout'))",
    to: "this.#failed(current, 'timeout')",
    kinds: ['Redis is frozen'],
    finds: /a hang/,
  },
]
