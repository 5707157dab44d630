import { ask } from '../load/ask.ts'
import { WrongContenderError } from '../wrong.ts'
import { type Contender, type Running, start } from './contenders.ts'

/**
 * Proves that a contender keeps sessions before it is measured: a session begins and comes back, a write is read back, a
 * second client and a forged cookie see nothing of it, rotation keeps the data, and what lies in Redis outlives the process.
 */
export async function prove(contender: Contender, redisUrl: string): Promise<void> {
  await using running = await start(contender, redisUrl)
  const check = checker(contender, running)
  await check('/untouched', undefined, { q: 'password' })
  if (contender.isBare) return await check('/read', undefined, { q: 'password' })

  const first = await begin(contender, running)
  const second = await begin(contender, running)
  if (first === second) throw new WrongContenderError(`${contender.title}: two clients were given one cookie.`)
  await check('/read', first, { q: 'password' })
  await check('/write', first, { ok: true })
  const { counter } = await answer(running, '/counter', first)
  if (typeof counter !== 'number' || counter < 1)
    throw new WrongContenderError(`${contender.title}: a write was not kept.`)
  await check('/counter', second, { counter: 0 })
  await check('/read', undefined, { q: null })
  await check('/read', forged(first), { q: null })

  const rotated = (await ask(running.port, '/rotate', second)).cookies
  if (!rotated || rotated === second) throw new WrongContenderError(`${contender.title}: rotation gave no new cookie.`)
  await check('/read', rotated, { q: 'password' })
  await check('/read', second, { q: null })
  if (!contender.redis) return
  await using later = await start(contender, redisUrl)
  await checker(contender, later)('/counter', first, { counter })
}

/** Begins a session; the Cookie header that keeps it. */
export async function begin(contender: Contender, running: Running): Promise<string> {
  const { status, cookies, body } = await ask(running.port, '/begin')
  if (status !== 200 || !cookies)
    throw new WrongContenderError(`${contender.title}: no session began (${status} ${body}).`)
  return cookies
}

function checker(contender: Contender, running: Running) {
  return async (path: string, cookie: string | undefined, expected: object): Promise<void> => {
    const got = JSON.stringify(await answer(running, path, cookie))
    if (got === JSON.stringify(expected)) return
    const who = cookie ? 'with its cookie' : 'without a cookie'
    throw new WrongContenderError(
      `${contender.title}: ${path} ${who} answered ${got}, not ${JSON.stringify(expected)}.`,
    )
  }
}

async function answer(running: Running, path: string, cookie?: string): Promise<Record<string, unknown>> {
  const { body } = await ask(running.port, path, cookie)
  return JSON.parse(body.toString()) as Record<string, unknown>
}

/** The same shape with another first character of the id. */
function forged(cookie: string): string {
  const at = cookie.indexOf('=') + 5
  return cookie.slice(0, at) + (cookie[at] === 'A' ? 'B' : 'A') + cookie.slice(at + 1)
}
