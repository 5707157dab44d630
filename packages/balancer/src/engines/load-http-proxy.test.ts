import { createRequire } from 'node:module'
import util from 'node:util'
import { expect, test } from 'vitest'
import { loadHttpProxy } from './load-http-proxy.ts'

const require = createRequire(import.meta.url)

test('leaves Node’s util, and a copy that the application has loaded, as they are', () => {
  const extend = Object.getOwnPropertyDescriptor(util, '_extend')
  const own = require('http-proxy')
  const ours = loadHttpProxy()
  expect(ours).not.toBe(own)
  expect(require('http-proxy')).toBe(own)
  expect(Object.getOwnPropertyDescriptor(util, '_extend')).toEqual(extend)
})
