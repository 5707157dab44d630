import { fastifyCookie as cookie } from '@fastify/cookie'
import type { FastifyInstance } from 'fastify'

let isReady = false

/** Whether `parseEach` may be called; without Fastify it never may. */
export const isParserReady = (): boolean => isReady

/**
 * Readies the parser of `@fastify/cookie`, which that plugin loads when it first runs. It runs here in a scope without
 * routes, where it decorates and hooks nothing of the application's: that may register its own before, after or never.
 */
export async function readyParser(app: FastifyInstance): Promise<void> {
  isReady ||= works()
  if (isReady) return
  // If the decorator is there all the same, another copy of the plugin made it, and a second one would clash with it.
  if (!app.hasReplyDecorator('setCookie')) {
    await app.register(async (scope) => {
      await scope.register(cookie)
    })
  }
  isReady = works()
}

/**
 * Reads a `Cookie` header through `@fastify/cookie`'s parser: by name, the first value that `read` makes something of;
 * `undefined` under a name whose values it all refuses.
 */
export function parseEach<T>(
  header: string,
  read: (value: string) => T | undefined,
): Readonly<Record<string, T | undefined>> {
  // The parser keeps the first decoded value of a name that is not undefined; it does not ask what a value is.
  const decode = read as unknown as (value: string) => string
  return cookie.parse(header, { decode }) as unknown as Record<string, T | undefined>
}

function works(): boolean {
  try {
    return cookie.parse('a=1').a === '1'
  } catch {
    return false
  }
}

/** Has `@fastify/cookie` forget what the handler set but it has not written yet, as its hook may run after ours. */
export function forgetUnwritten(reply: object): void {
  for (const symbol of Object.getOwnPropertySymbols(reply)) {
    if (symbol.description !== 'fastify.reply.setCookies') continue
    const unwritten = (reply as Record<symbol, unknown>)[symbol]
    if (unwritten instanceof Map) unwritten.clear()
  }
}
