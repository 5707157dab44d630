import { expect, test } from 'vitest'
import { WrongContenderError } from '../wrong.ts'
import type { Contender } from './contenders.ts'
import { prove } from './proof.ts'

const faulty = (fault: string): Contender => ({
  id: 'faulty',
  title: 'Faulty',
  file: '../fixtures/faulty',
  redis: false,
  scenarios: [],
  env: { FAULT: fault },
})

test('a contender that keeps sessions as it should is proved', async () => {
  await prove(faulty('none'), '')
})

test.each([
  ['loses writes', 'a write was not kept'],
  ['one cookie for all', 'two clients were given one cookie'],
  ['serves anyone', '/read without a cookie answered'],
  ['keeps the old id', '/read with its cookie answered'],
])('a contender that %s is found out', async (fault, message) => {
  const proof = prove(faulty(fault), '')
  await expect(proof).rejects.toThrow(WrongContenderError)
  await expect(proof).rejects.toThrow(message)
})
