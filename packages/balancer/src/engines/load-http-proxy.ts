import { createRequire, registerHooks } from 'node:module'
import { dirname, sep } from 'node:path'
import { pathToFileURL } from 'node:url'

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

/** Node warns of `util._extend` (DEP0060), and it copies an array's items into an object: raw headers must come through. */
const UTIL = `exports.inherits = require('node:util').inherits
exports._extend = (target, source) => (Array.isArray(source) ? source : Object.assign(target, source))`
const UTIL_URL = 'session-cluster:util-of-http-proxy'

/**
 * Loads the http-proxy that the application has installed: a copy of its own, whose files get {@link UTIL} for `util`.
 * Neither Node's `util` nor a copy that the application has loaded is touched.
 * @throws TypeError when the package is not installed
 */
export function loadHttpProxy(): HttpProxy {
  const file = installed()
  const home = dirname(file) + sep
  const homeUrl = pathToFileURL(home).href
  const loadedBefore = takeOut(home)
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'util' && context.parentURL?.startsWith(homeUrl)
        ? { url: UTIL_URL, format: 'commonjs', shortCircuit: true }
        : next(specifier, context),
    load: (url, context, next) =>
      url === UTIL_URL ? { format: 'commonjs', source: UTIL, shortCircuit: true } : next(url, context),
  })
  try {
    return require(file)
  } finally {
    hooks.deregister()
    takeOut(home)
    Object.assign(require.cache, loadedBefore)
  }
}

// Where it is linked and not installed, this package does not see what lies beside the application.
function installed(): string {
  const application = dirname(process.argv[1] ?? import.meta.filename)
  try {
    return require.resolve('http-proxy', { paths: [import.meta.dirname, application] })
  } catch (cause) {
    throw new TypeError('engine: http-proxy needs the package of that name: npm install http-proxy@1.18.1', { cause })
  }
}

/** Takes the package's modules out of the cache. @returns what was there */
function takeOut(home: string): NodeJS.Dict<NodeJS.Module> {
  const files = Object.keys(require.cache).filter((file) => file.startsWith(home))
  const modules = Object.fromEntries(files.map((file) => [file, require.cache[file]]))
  for (const file of files) delete require.cache[file]
  return modules
}
