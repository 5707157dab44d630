import { expect, it } from 'vitest'
import { allEnded } from './all-ended.ts'

it('answers in order', async () => expect(await allEnded([Promise.resolve(1), Promise.resolve('b')])).toEqual([1, 'b']))

it('rejects with the first error, when the others have ended too', async () => {
  const events: string[] = []
  const slow = new Promise<void>((resolve) => setImmediate(resolve)).then(() => events.push('slow ended'))
  await allEnded([Promise.reject(new Error('quick')), slow]).catch((error: Error) => events.push(error.message))
  expect(events).toEqual(['slow ended', 'quick'])
})
