import { createRequire } from 'node:module'
import util from 'node:util'

const require = createRequire(import.meta.url)

/** What is used of http-proxy 1.18.1. */
export interface ProxyServer {
  webPasses: { name: string }[]
  on(event: 'error', listener: () => void): void
  web(req: unknown, res: unknown, options: object, onError: (error: Error) => void): void
}

interface HttpProxy {
  createProxyServer(options: object): ProxyServer
}

/**
 * Loads http-proxy. It takes `util._extend` at its loading and calls it for each request, of which Node warns (DEP0060):
 * for that moment the name stands for {@link extend}. No other warning is touched.
 */
export function loadHttpProxy(): HttpProxy {
  const holder = util as unknown as { _extend: unknown }
  const original = Object.getOwnPropertyDescriptor(holder, '_extend')
  Object.defineProperty(holder, '_extend', { value: extend, configurable: true, writable: true })
  try {
    return require('http-proxy')
  } finally {
    if (original) Object.defineProperty(holder, '_extend', original)
  }
}

/** Object.assign, but an array comes through as it is: raw headers then reach `http.request` in their order and spelling. */
function extend(target: object, source: object): object {
  return Array.isArray(source) ? source : Object.assign(target, source)
}
