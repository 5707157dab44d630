import { expect, test } from 'vitest'
import { inWords, type Step } from './steps.ts'

/** Every step, by its sentence: the compiler says when one is missing. */
const sentences: { [K in Step['key']]: [Extract<Step, { key: K }> | Step, string] } = {
  'affinity.none': [{ key: 'affinity.none' }, 'no affinity yet'],
  'affinity.pinned': [{ key: 'affinity.pinned', cookie: 'X', upstream: 'b' }, 'cookie X: pinned to b'],
  'affinity.unknown': [{ key: 'affinity.unknown', cookie: 'X' }, 'cookie X: names no upstream known here'],
  'affinity.unrouted': [{ key: 'affinity.unrouted', cookie: 'X' }, 'cookie X: has no route'],
  'state.up': [{ key: 'state.up', upstream: 'b' }, 'b is up'],
  'state.down': [{ key: 'state.down', upstream: 'b' }, 'b is down'],
  'state.ejected': [{ key: 'state.ejected', upstream: 'b' }, 'b is ejected'],
  'state.draining': [{ key: 'state.draining', upstream: 'b' }, 'b is draining'],
  'state.maintenance': [{ key: 'state.maintenance', upstream: 'b' }, 'b is in maintenance'],
  'state.leaving': [{ key: 'state.leaving', upstream: 'b' }, 'b is being removed'],
  'state.full': [{ key: 'state.full', upstream: 'b' }, 'b is full'],
  strict: [{ key: 'strict', upstream: 'b' }, 'b failed, and affinity is strict'],
  'met.refused': [{ key: 'met.refused', upstream: 'b' }, 'b refused the connection'],
  'met.unreachable': [{ key: 'met.unreachable', upstream: 'b' }, 'b could not be reached'],
  'met.died': [{ key: 'met.died', upstream: 'b' }, 'b died before it answered'],
  'met.status': [{ key: 'met.status', upstream: 'b', status: 503 }, 'b answered 503'],
  'pick.picked': [{ key: 'pick.picked', upstream: 'b', policy: 'round-robin' }, 'picked b by round robin'],
  'pick.repicked': [{ key: 'pick.repicked', upstream: 'b', policy: 'mine' }, 'repicked b by mine'],
  'pick.retried': [{ key: 'pick.retried', upstream: 'b', policy: 'random' }, 'retried b by random'],
  'pick.none': [{ key: 'pick.none' }, 'no upstream is available'],
  'pick.full': [{ key: 'pick.full' }, 'every upstream is full'],
  other: [{ key: 'other', words: 'as it said' }, 'as it said'],
}

test.each(Object.entries(sentences))('%s has its sentence', (key, [step, sentence]) => {
  expect(step.key).toBe(key)
  expect(inWords(step)).toBe(sentence)
})
