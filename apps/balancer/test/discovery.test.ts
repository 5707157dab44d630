import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BalancerProcess, startNodes } from './process.ts'

interface Folder extends Disposable {
  readonly file: string
  /** Puts a new text in its place at once: whoever looks sees this one or the one before. */
  write(text: string): void
}

function folder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'balancer-discovery-'))
  const file = join(path, 'upstreams')
  return {
    file,
    write(text) {
      writeFileSync(`${file}.new`, text)
      renameSync(`${file}.new`, file)
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true }),
  }
}

test.each([{}, { WORKERS: '2' }])('UPSTREAMS_FILE is followed, the workers are told: %o', async (env) => {
  using at = folder()
  await using nodes = await startNodes(['a', 'b'])
  const [a, b] = nodes.map(({ entry }) => entry)
  at.write(`${a}\n`)
  const discovery = { UPSTREAMS_FILE: at.file, DISCOVERY_MIN_MS: '20', DISCOVERY_DRAIN_MS: '0' }
  await using lb = new BalancerProcess({ ...discovery, ...env })
  await expect.poll(() => lb.ready).toBeDefined()
  const { url = '', adminUrl = '' } = lb.ready ?? {}
  const served = async () => {
    const headers = { connection: 'close' }
    const answers = await Promise.all(Array.from({ length: 8 }, () => fetch(url, { headers }).then((r) => r.text())))
    return [...new Set(answers)].toSorted().join()
  }
  expect(await served()).toBe('a')
  at.write(`${a}\n${b}\n`)
  await expect.poll(served).toBe('a,b')
  at.write(`${b}\n`)
  await expect.poll(served).toBe('b')
  at.write('nonsense')
  const warnings = () => lb.log.filter(({ msg }) => String(msg).startsWith('discovery fails'))
  await expect.poll(warnings).toHaveLength(1)
  expect(warnings()[0]).toMatchObject({ source: at.file, problem: expect.stringContaining('"nonsense" is not name=') })
  expect(await served()).toBe('b')
  const metrics = await (await fetch(`${adminUrl}/metrics`)).text()
  expect(metrics).toContain(`balancer_discovery_upstreams{source="${at.file}"} 1\n`)
  expect(metrics).toContain(`balancer_discovery_ok{source="${at.file}"} 0\n`)
  lb.child.kill('SIGTERM')
  expect(await lb.exited).toBe(0)
})

test('a name that does not resolve does not stop the start: it answers 503 until it does', async () => {
  const dns = { UPSTREAMS: 'dns+a://server.test:8080', DISCOVERY_DNS: '127.0.0.1:1' }
  await using lb = new BalancerProcess(dns)
  await expect.poll(() => lb.ready).toBeDefined()
  expect((await fetch(lb.ready?.url ?? '')).status).toBe(503)
  expect(lb.log.find(({ msg }) => String(msg).startsWith('discovery fails'))).toMatchObject({
    source: 'dns+a://server.test:8080',
  })
})
