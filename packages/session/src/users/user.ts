import { show } from '../show.ts'

const MAX_USER_LENGTH = 1024

/**
 * Throws a `TypeError` unless every store can keep a user of this name and find it again. Asked before the store is: it would take
 * the caller's mistake for a failure of its own, and a few of them for a reason to open the circuit.
 */
export function checkUser(where: string, user: unknown): asserts user is string {
  const isUser = typeof user === 'string' && user !== '' && user.length <= MAX_USER_LENGTH && user.isWellFormed()
  if (!isUser) throw new TypeError(`${where}: user is ${show(user)}, but must be 1 to 1,024 characters of Unicode text`)
}
