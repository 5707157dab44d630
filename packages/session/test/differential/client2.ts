import { createHash } from 'node:crypto'
import { type ClientHttp2Session, connect } from 'node:http2'
import { gunzipSync } from 'node:zlib'
import type { Answer, Ask } from './client.ts'

/** Asks over HTTP/2: one connection for each request, so that what one does to it is seen in its answer alone. */
export async function ask2(port: number, asked: Ask, patienceMs = 5000): Promise<Answer> {
  const session = connect(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  try {
    return await askOver(session, asked, patienceMs)
  } finally {
    session.destroy()
  }
}

function askOver(
  session: ClientHttp2Session,
  { method = 'GET', path = '/', headers = {}, body, leaves }: Ask,
  patienceMs: number,
): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>()
  const seen: Record<string, unknown> = {}
  const trailers: Record<string, unknown> = {}
  const informational: number[] = []
  const chunks: Buffer[] = []
  let isEnded = false
  let isLate = false
  const stream = session.request({ ...headers, ':method': method, ':path': path })
  const impatient = setTimeout(() => {
    isLate = true
    stream.destroy()
  }, patienceMs)
  stream.on('headers', (given) => informational.push(Number(given[':status'])))
  stream.on('response', (given) => Object.assign(seen, given))
  stream.on('trailers', (given) => Object.assign(trailers, given))
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    if (leaves) stream.close()
  })
  stream.on('end', () => {
    isEnded = true
  })
  stream.on('error', () => {})
  stream.on('close', () => {
    clearTimeout(impatient)
    const isWhole = isEnded && stream.rstCode === 0
    const end = isLate ? 'hangs' : leaves ? 'left' : isWhole ? 'complete' : seen[':status'] ? 'cut' : 'refused'
    resolve({ ...read(seen, leaves ? [] : chunks, end === 'complete'), trailers: { ...trailers }, informational, end })
  })
  stream.end(body)
  return promise
}

function read(seen: Record<string, unknown>, chunks: readonly Buffer[], isWhole: boolean) {
  const { ':status': status, date: _, 'set-cookie': cookies, ...headers } = seen
  const raw = Buffer.concat(chunks)
  const body = isWhole && headers['content-encoding'] === 'gzip' && raw.length > 0 ? gunzipSync(raw) : raw
  return {
    status: status as number | undefined,
    headers: Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}`)
      .toSorted(),
    setCookies: [cookies ?? []].flat() as string[],
    bytes: body.length,
    body: body.length > 200 ? createHash('sha1').update(body).digest('hex') : body.toString('latin1'),
  }
}
