import { effect, signal } from '@preact/signals'
import { expect, it } from 'vitest'
import { steady } from './steady.ts'

it('wakes nobody while the value is equal, nothing at all included, and hands out the same one', () => {
  const source = signal<{ readonly a: readonly number[] } | undefined>({ a: [1] })
  const held = steady(() => source.value && { a: source.value.a })
  const seen: unknown[] = []
  const leave = effect(() => void seen.push(held.value))
  const [first] = seen
  source.value = { a: [1] }
  expect(held.value).toBe(first)
  source.value = { a: [1, 2] }
  source.value = undefined
  source.value = undefined
  source.value = { a: [1] }
  leave()
  expect(seen).toEqual([{ a: [1] }, { a: [1, 2] }, undefined, { a: [1] }])
})
