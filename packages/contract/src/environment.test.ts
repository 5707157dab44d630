import { expect, test } from 'vitest'
import { isLoopback, isLoopbackName, withoutServiceLinks } from './environment.ts'

test.each(['localhost', '127.0.0.1', '127.9.8.7', '::1', '[::1]'])('%s is this machine', (host) =>
  expect(isLoopback(host)).toBe(true),
)

test.each([
  '127.evil.example',
  'localhost.example',
  '0.0.0.0',
  '::',
  '10.0.0.1',
  '1127.0.0.1',
  '127.0.0.1.example',
  '',
])('%j is not', (host) => expect(isLoopback(host)).toBe(false))

test('a name below localhost leads to this machine too, and is no address to listen on', () => {
  const names = [
    'localhost',
    '127.0.0.1',
    'sticky.localhost',
    'a.b.localhost',
    'localhost.example',
    '.localhost',
    'xlocalhost',
  ]
  expect(names.filter(isLoopbackName)).toEqual(names.slice(0, 4))
  expect(isLoopback('sticky.localhost')).toBe(false)
})

test('what Kubernetes adds for a Service is left out, and nothing else', () => {
  const ours = { BALANCER_PORT: '8000', ADMIN_PORT: undefined, REDIS_URL: 'tcp://redis', SESSION_NAMESPACE: 'shop' }
  const links = {
    CONSOLE_PORT: 'tcp://10.96.1.2:3000',
    SESSION_STORE_SERVICE_HOST: '10.96.1.3',
    SESSION_STORE_SERVICE_PORT: '6379',
    SESSION_STORE_SERVICE_PORT_REDIS: '6379',
    SESSION_STORE_PORT_6379_TCP: 'tcp://10.96.1.3:6379',
    SESSION_STORE_PORT_6379_TCP_ADDR: '10.96.1.3',
    SESSION_STORE_PORT_6379_TCP_PROTO: 'tcp',
  }
  expect(withoutServiceLinks({ ...ours, ...links })).toEqual(ours)
})
