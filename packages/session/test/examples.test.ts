import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
process.env.PORT = '0'

describe.each(['express', 'koa', 'hono', 'h3'])('examples/%s.ts', (name) => {
  it('counts the visits of each browser', async () => {
    const { server } = (await import(`../examples/${name}.ts`)) as { server: Server }
    if (!server.listening) await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const first = await fetch(url)
    const cookie = first.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    expect(await first.text()).toBe('visit 1\n')
    expect(await (await fetch(url, { headers: { cookie } })).text()).toBe('visit 2\n')
    expect(await (await fetch(url)).text()).toBe('visit 1\n')
    server.closeAllConnections()
    server.close()
  })

  it('is what the README shows', () => {
    const text = readFileSync(new URL(`../examples/${name}.ts`, import.meta.url), 'utf8')
    const shown = text.split('\n').filter((line) => !/^(import|const sessions|server\.listen|$)/.test(line))
    for (const line of shown) expect(readme).toContain(line)
  })
})
