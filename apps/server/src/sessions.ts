import { ConfigError } from '@session-cluster/contract'
import {
  type Codec,
  createSessions,
  json,
  memoryStore,
  nearCache,
  redisStore,
  registry,
  type Sessions,
  springJson,
  typedJson,
  v8,
} from '@session-cluster/session'
import type { Config } from './config.ts'
import type { RedisClient } from './redis-client.ts'
import { type SecurityContext, storedContext } from './security-context.ts'
import type { SessionConfig } from './session-config.ts'

/** What a session of this demo may hold. */
export type Attributes = {
  q: string
  cart: string[]
  counter: number
  context: SecurityContext
}

/** The sessions of one node. */
export type NodeSessions = Sessions<Attributes>

/** Opens the sessions that the configuration describes. Throws a `ConfigError` for options that exclude each other. */
export function openSessions(config: Config, client?: RedisClient): NodeSessions {
  const { idleTimeoutMs, absoluteTimeoutMs, touchEveryMs, storeTimeoutMs, codec, cookie, route } = config.session
  const { namespace, ids, nearCache: cache } = config.session
  try {
    const shared = client && redisStore({ client, namespace, ids })
    return createSessions<Attributes>({
      store: shared ? (cache ? nearCache(shared, cache) : shared) : memoryStore(),
      cookie,
      ...(route === undefined ? {} : { route }),
      idleTimeoutMs,
      ...(absoluteTimeoutMs === undefined ? {} : { absoluteTimeoutMs }),
      ...(touchEveryMs === undefined ? {} : { touchEveryMs }),
      ...(storeTimeoutMs === undefined ? {} : { storeTimeoutMs }),
      codec: codecNamed(codec),
    })
  } catch (error) {
    throw error instanceof TypeError ? optionError(error) : error
  }
}

/** How many sessions this process keeps; 0 when they live elsewhere. */
export function sessionsHeld({ store }: NodeSessions): number {
  return 'size' in store && typeof store.size === 'number' ? store.size : 0
}

function codecNamed(name: SessionConfig['codec']): Codec {
  switch (name) {
    case 'json':
      return json()
    case 'spring-json':
      return springJson()
    case 'typed-json':
      return typedJson()
    case 'v8':
      return v8()
    case 'registry':
      return registry([storedContext])
  }
}

/** Turns the library's message about an option into one about the variable that set it. */
function optionError({ message }: TypeError): ConfigError {
  const [, option = '', rest = message] = /^createSessions: ([\w.]+) (.*)$/s.exec(message) ?? []
  const words = option.replace('.', '_').replace(/[A-Z]/g, (letter) => `_${letter}`)
  return new ConfigError(option === '' ? 'SESSION_*' : `SESSION_${words.toUpperCase()}`, rest)
}
