import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { hashId, newId } from './id.ts'

it('gives every id the SHA-256 of itself for a key, however many were asked for in between', () => {
  const sha256 = (id: string) => createHash('sha256').update(id).digest('base64url')
  const ids = Array.from({ length: 5000 }, newId)
  for (const order of [ids, ids.toReversed(), ids.slice(-1500), ids]) {
    expect(order.map(hashId)).toEqual(order.map(sha256))
  }
})
