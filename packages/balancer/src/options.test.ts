import { expect, test } from 'vitest'
import { createBalancer } from './balancer.ts'
import { Workers } from './workers/primary.ts'

const secret = 'a secret of the tests only'
const upstreams = [{ name: 'a', url: 'http://127.0.0.1:1' }]

test.each<[unknown, string]>([
  [undefined, 'createBalancer: the options are undefined, but must be an object'],
  [{}, 'createBalancer: upstreams must be an array'],
  [{ upstreams, polcy: 'random' }, 'createBalancer: there is no option polcy; there are upstreams, policy'],
  [{ upstreams, health: { interval: 5 } }, 'there is no option health.interval; there are health.path'],
  [{ upstreams, passive: { eject: 5 } }, 'there is no option passive.eject'],
  [{ upstreams, timeouts: { connect: 5 } }, 'there is no option timeouts.connect'],
  [{ upstreams, front: { cert: '' } }, 'there is no option front.cert'],
  [{ upstreams: [{ name: 'a', url: 'http://x', maxInFlight: 5 }] }, 'there is no option upstreams[0].maxInFlight'],
  [{ upstreams: [null] }, 'upstreams[0] is null, but must be an object'],
  [
    { upstreams: [{ name: 'a', url: 'http://x', weight: '5' }] },
    "upstreams[0].weight is '5', but must be a whole number",
  ],
  [{ upstreams, affinity: {} }, 'affinity secret: shorter than 16 characters'],
  [{ upstreams, affinity: { secret, whenUnvailable: 'strict' } }, 'there is no option affinity.whenUnvailable'],
  [{ upstreams, affinity: { secret, whenUnavailable: 'srict' } }, '"srict" is not redispatch or strict'],
  [{ upstreams, hash: { loadfactor: 2 } }, 'there is no option hash.loadfactor; there are hash.on, hash.loadFactor'],
  [{ upstreams, policy: 'consistent-hash', hash: { on: 'colour' } }, 'on: "colour" is not address, path, header'],
  [{ upstreams, maxInFlight: 0 }, 'maxInFlight is 0, but must be a whole number from 1 to Infinity'],
  [{ upstreams, maxInFlight: '5' }, "maxInFlight is '5', but must be a whole number"],
  [{ upstreams, retries: Number.NaN }, 'retries is NaN, but must be a whole number from 0'],
  [{ upstreams, queueLimit: 1.5 }, 'queueLimit is 1.5, but must be a whole number'],
  // A timer that is told to wait for ever goes off at once.
  [{ upstreams, queueTimeoutMs: Number.POSITIVE_INFINITY }, 'queueTimeoutMs is Infinity, but must be a number from 0'],
  [{ upstreams, panicThreshold: 50 }, 'panicThreshold is 50, but must be a number from 0 to 1'],
  [{ upstreams, health: { intervalMs: 0 } }, 'health.intervalMs is 0, but must be a number from 1'],
  [{ upstreams, health: { path: 'readyz' } }, 'health.path is "readyz", but must begin with one /'],
  [{ upstreams, timeouts: { idleTimeoutMs: 0 } }, 'timeouts.idleTimeoutMs is 0, but must be a number from 1'],
  // To Node this would be for ever.
  [{ upstreams, front: { keepAliveMs: 0 } }, 'front.keepAliveMs is 0, but must be a number from 1'],
  [{ upstreams, token: 'a\nb' }, 'token must be text fit for a header'],
  [{ upstreams, accessLog: console }, 'accessLog must be a function'],
  [{ upstreams, trustProxy: true }, 'createBalancer: trustProxy must be an array'],
])('refuses %o', (options, message) => {
  expect(() => createBalancer(options as never)).toThrow(message)
})

test.each<[object, string]>([
  [{ count: 0 }, 'Workers: count is 0, but must be a whole number from 1 to 1024'],
  [{ silence: 5 }, 'Workers: there is no option silence; there are count, upstreams'],
  [{ health: { interval: 5 } }, 'Workers: there is no option health.interval'],
  [{ upstreams: 'a=http://x' }, 'Workers: upstreams must be an array'],
])('workers: refuses %o', (options, message) => {
  expect(() => new Workers({ count: 1, upstreams, exec: '/nowhere.ts', ...options } as never)).toThrow(message)
})

test('takes whatever is left out, or undefined, for the default', () => {
  const options = {
    upstreams,
    health: { path: undefined },
    timeouts: {},
    front: { keepAliveMs: undefined },
    retries: undefined,
  }
  expect(createBalancer({ ...options, maxInFlight: Number.POSITIVE_INFINITY }).pool.all).toHaveLength(1)
})

test.each([{ headersTimeoutMs: 20_000, requestTimeoutMs: 5000 }, { requestTimeoutMs: Number.POSITIVE_INFINITY }])(
  'takes bounds in any order of size: %o',
  (front) => {
    expect(createBalancer({ upstreams, front }).pool.all).toHaveLength(1)
  },
)
