import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import type { FastifyInstance } from 'fastify'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** What the page may load: itself, and nothing from anywhere else. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/**
 * Serves the built page from memory. Only the files that were there at start can be asked for, so no path leads anywhere else.
 * @throws Error when the page has not been built
 */
export function servePages(app: FastifyInstance, folder: string): void {
  const files = read(folder)
  if (!files.has('/index.html'))
    throw new Error(`The console's page is not built: ${folder} has no index.html (build it with: npm run build)`)
  for (const [path, { body, type }] of files) {
    app.get(path === '/index.html' ? '/' : path, (_request, reply) => {
      const immutable = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
      return reply.type(type).header('cache-control', immutable).header('content-security-policy', policy).send(body)
    })
  }
}

function read(folder: string): Map<string, { body: Buffer; type: string }> {
  const files = new Map<string, { body: Buffer; type: string }>()
  let entries: string[] = []
  try {
    entries = readdirSync(folder, { recursive: true }) as string[]
  } catch {
    return files
  }
  for (const entry of entries) {
    const type = types[extname(entry)]
    if (type) files.set(`/${entry.replaceAll('\\', '/')}`, { body: readFileSync(join(folder, entry)), type })
  }
  return files
}
