// A node that keeps nothing: the whole session is in the client's cookie, encrypted and authenticated (AES-256-GCM) with a key
// that all nodes share. Started in the place of apps/server, with COOKIE_KEY (64 hex digits).
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { serveNode } from './serve-node.ts'

const { NODE_NAME = 'a', COOKIE_KEY = '' } = process.env
const key = Buffer.from(COOKIE_KEY, 'hex')
const lifetimeMs = 1_800_000
/** What browsers keep of one cookie, its name and attributes included (RFC 6265 §6.1). */
const mostBytes = 4096

interface Content {
  q?: string
  counter?: number
}

function seal(content: Content): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  const plain = JSON.stringify({ ...content, until: Date.now() + lifetimeMs })
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')
}

/** What is in a cookie; nothing when it was altered, is over, or is none of ours. */
function open(cookie: string | undefined): Content {
  try {
    const bytes = Buffer.from(cookie ?? '', 'base64url')
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
    decipher.setAuthTag(bytes.subarray(12, 28))
    const plain = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()])
    const { until, ...content } = JSON.parse(plain.toString()) as Content & { until: number }
    return until > Date.now() ? content : {}
  } catch {
    return {}
  }
}

serveNode((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://cookie')
  response.setHeader('x-served-by', NODE_NAME)
  const session = open(/(?:^|; )SESSION=([^;]*)/.exec(request.headers.cookie ?? '')?.[1])
  const save = (content: Content, body: string) => {
    const cookie = `SESSION=${seal(content)}; Path=/; HttpOnly; SameSite=Lax`
    if (cookie.length > mostBytes) return response.writeHead(413).end('the session does not fit into a cookie')
    return response.setHeader('set-cookie', cookie).end(body)
  }
  if (pathname === '/set') {
    const q = searchParams.get('q') ?? ''
    return save({ ...session, q }, `Saved: ${q}`)
  }
  if (pathname === '/counter' && request.method === 'POST') {
    const counter = (session.counter ?? 0) + 1
    return save({ ...session, counter }, String(counter))
  }
  if (pathname === '/counter') return response.end(String(session.counter ?? 0))
  if (pathname === '/logout')
    return response.setHeader('set-cookie', 'SESSION=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax').end('Logged out')
  return response.writeHead(session.q === undefined ? 404 : 200).end(session.q ?? 'no session')
})
