import { once } from 'node:events'
import { connect } from 'node:net'
import { getRequest } from './job.ts'
import { type Answer, cookiesOf, readAnswer } from './response.ts'

/** Asks once over a connection of its own, as one client would; with the cookies that came back. */
export async function ask(port: number, path: string, cookie?: string): Promise<Answer & { cookies: string }> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }).on('error', () => {})
  try {
    socket.write(getRequest(path, cookie))
    let bytes: Buffer = Buffer.alloc(0)
    for (;;) {
      const [chunk] = (await once(socket, 'data', { signal: AbortSignal.timeout(10_000) })) as [Buffer]
      bytes = Buffer.concat([bytes, chunk])
      const answer = readAnswer(bytes)
      if (answer) return { ...answer, cookies: cookiesOf(answer.head) }
    }
  } finally {
    socket.destroy()
  }
}
