import { SessionFullError } from '../errors.ts'
import type { Changes } from './changes.ts'
import type { RequestSession } from './request-session.ts'

/** Throws a `SessionFullError` when these changes would make the session larger than it may be. It may always shrink. */
export function checkSize({ record, manager }: RequestSession, changes: Changes): void {
  const { maxSessionBytes } = manager.options
  if (mostOf(record?.attributes) + mostOf(changes.attributes) <= maxSessionBytes) return
  let before = 0
  for (const [name, bytes] of record?.attributes ?? []) before += sizeOf(name, bytes)
  let after = changes.isAnew ? 0 : before
  for (const [name, bytes] of changes.attributes) {
    if (!changes.isAnew) after -= sizeOf(name, record?.attributes.get(name))
    after += sizeOf(name, bytes)
  }
  if (after > maxSessionBytes && after > before) throw new SessionFullError(after, maxSessionBytes)
}

/** What attributes take at most, without a look at how names are encoded: for nearly all sessions that is enough to know. */
function mostOf(attributes: ReadonlyMap<string, Uint8Array | undefined> | undefined): number {
  let bytes = 0
  for (const [name, value] of attributes ?? []) bytes += 3 * name.length + (value?.length ?? 0)
  return bytes
}

const sizeOf = (name: string, bytes: Uint8Array | undefined): number =>
  bytes === undefined ? 0 : Buffer.byteLength(name) + bytes.length
