import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fakePool, fakeRequest } from '../../test/support/pool.ts'
import { policies } from '../policies/index.ts'
import { type Selection, select } from '../proxy/select.ts'
import type { Affinity } from './affinity.ts'
import { cookieAffinity } from './cookie.ts'
import { routeSuffixAffinity } from './route-suffix.ts'

const names = ['a', 'b', 'c', 'd']
const change = fc.record({
  name: fc.constantFrom(...names),
  to: fc.constantFrom(
    'down',
    'up',
    'drain',
    'ready',
    'maintenance',
    'eject',
    'restore',
    'busy',
    'idle',
    'leave' as const,
  ),
})
const policyName = fc.constantFrom(...(Object.keys(policies) as (keyof typeof policies)[]))

const kinds: [string, Affinity, (affinity: Affinity, name: string, selection: Selection) => string][] = [
  [
    'inserted cookie',
    cookieAffinity({ secret: 'a secret of the tests only' }),
    (affinity, name, { pool }) => {
      const upstream = pool.get(name)
      return upstream ? (affinity.cookieFor(upstream, false)?.split(';')[0] ?? '') : ''
    },
  ],
  ['route suffix', routeSuffixAffinity(), (_, name) => `JSESSIONID=0123456789.${name}`],
]

test.each(kinds)('affinity by %s never moves a client whose node may serve', (_, affinity, cookieOf) => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 30 }),
      fc.constantFrom(...names),
      policyName,
      (changes, mine, policyName) => {
        const { pool } = fakePool(names, { maxInFlight: 2 })
        const policy = policies[policyName]({ random: Math.random })
        const selection = { pool, policy, policyName, affinity }
        const request = fakeRequest({ cookie: cookieOf(affinity, mine, selection) })
        for (const { name, to } of changes) {
          const upstream = pool.get(name)
          if (!upstream) continue
          if (to === 'down' || to === 'up') pool.setHealthy(upstream, to === 'up', to)
          else if (to === 'eject' || to === 'restore') pool.setPassive(upstream, to === 'eject' ? 'out' : 'in', to)
          else if (to === 'busy') pool.enter(upstream)
          else if (to === 'idle') upstream.inFlight > 0 && pool.leave(upstream)
          else if (to === 'leave') pool.setLeaving(upstream)
          else pool.setMode(upstream, to)
          const home = pool.get(mine)
          if (!home) return
          const decision = select(selection, request, [], false)
          const away = decision.upstream !== undefined && decision.upstream !== home
          // Full is not gone: the client waits for its node rather than lose its session.
          expect(away && pool.mayServe(home)).toBe(false)
        }
      },
    ),
  )
})

test('a cookie with any byte changed pins nobody', () => {
  const { pool } = fakePool(names)
  const affinity = cookieAffinity({ secret: 'a secret of the tests only' })
  const token = pool.all.map((upstream) => affinity.cookieFor(upstream, false)?.split(/[=;]/)[1] ?? '')
  fc.assert(
    fc.property(fc.nat(3), fc.nat(21), fc.integer({ min: 33, max: 126 }), (which, at, code) => {
      const original = token[which] ?? ''
      const changed = original.slice(0, at) + String.fromCharCode(code) + original.slice(at + 1)
      fc.pre(changed !== original && String.fromCharCode(code) !== ';')
      expect(affinity.pinOf(fakeRequest({ cookie: `AFFINITY=${changed}` }), pool)?.upstream).toBeUndefined()
    }),
  )
})
