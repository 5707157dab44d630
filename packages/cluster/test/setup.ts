import { randomUUID } from 'node:crypto'
import { afterEach, expect } from 'vitest'
import { survivors } from './survivors.ts'

// Every run that a test starts is inside of this one, whatever starts it: a cluster, a Redis alone, a script.
const run = randomUUID()
process.env.CLUSTER_RUN = run

afterEach(() => {
  expect(survivors(run), 'processes that outlived their test').toEqual([])
})
