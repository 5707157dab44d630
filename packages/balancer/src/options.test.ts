import { expect, test } from 'vitest'
import { createBalancer } from './balancer.ts'

const upstreams = [{ name: 'a', url: 'http://127.0.0.1:1' }]

test.each<[unknown, string]>([
  [undefined, 'createBalancer: the options are undefined, but must be an object'],
  [{}, 'createBalancer: upstreams must be an array'],
  [{ upstreams, polcy: 'random' }, 'createBalancer: there is no option polcy; there are upstreams, policy'],
  [{ upstreams, health: { interval: 5 } }, 'there is no option health.interval; there are health.path'],
  [{ upstreams, passive: { eject: 5 } }, 'there is no option passive.eject'],
  [{ upstreams, timeouts: { connect: 5 } }, 'there is no option timeouts.connect'],
  [{ upstreams, front: { cert: '' } }, 'there is no option front.cert'],
  [{ upstreams, trustProxy: true }, 'createBalancer: trustProxy must be an array'],
])('refuses %o', (options, message) => {
  expect(() => createBalancer(options as never)).toThrow(message)
})
