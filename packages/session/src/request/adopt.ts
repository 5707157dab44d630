import { hash } from 'node:crypto'
import { checkUser } from '../users/user.ts'
import { assertWritable } from './assert.ts'
import { checkName, encodeAttribute } from './attribute.ts'
import { remember, send } from './commit.ts'
import { findUnder, loadToWrite } from './load.ts'
import type { RequestSession } from './request-session.ts'

/** What another library kept of a session. */
export interface AdoptedSession<A extends object = Record<string, unknown>> {
  /** Its attributes; `undefined` ones are left out. */
  readonly attributes: Partial<A>
  /** Whose it is, for `ofUser` and `endUser`. */
  readonly user?: string | undefined
}

/** See `Session.adopt`. */
export async function adopt(
  request: RequestSession,
  secret: string,
  read: () => Promise<AdoptedSession | undefined>,
): Promise<boolean> {
  if (typeof secret !== 'string' || secret.length < 16) {
    throw new TypeError('session.adopt: secret must be the old cookie with its signature, at least 16 characters')
  }
  assertWritable(request, 'adopt')
  await loadToWrite(request)
  if (request.phase.name !== 'none') return false
  const id = idOf(secret)
  if (!(await findUnder(request, id))) {
    const old = await read()
    if (old) await create(request, id, old)
    else await findUnder(request, id) // another request may have taken it over and removed it meanwhile
  }
  request.face?.revert()
  return request.record !== undefined
}

/** The same for all requests that bring the secret, on any server, so that they make one session between them. */
const idOf = (secret: string): string => hash('sha256', `adopted ${secret}`, 'base64url').slice(0, 24)

async function create(request: RequestSession, id: string, { attributes, user }: AdoptedSession): Promise<void> {
  const set = new Map<string, Uint8Array>()
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue
    checkName(name)
    set.set(name, encodeAttribute(request, name, value))
  }
  if (user !== undefined) checkUser('session.adopt', user)
  const createdAt = request.make(id)
  const delta = {
    set,
    remove: [],
    create: { createdAt },
    ...(user === undefined ? {} : { user, authenticatedAt: createdAt }),
  }
  if ((await send(request, delta)) === 'ok') remember(request, delta)
  else await findUnder(request, id) // another request was faster
}
