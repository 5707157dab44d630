import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { freePort, isFree } from './free-port.ts'

test('it never gives a port twice', async () => {
  const ports = await Promise.all(Array.from({ length: 150 }, () => freePort()))
  expect(new Set(ports).size).toBe(150)
})

test('nor do processes that ask at the same time, and it keeps none of them alive', async () => {
  const module = new URL('./free-port.ts', import.meta.url).href
  const code = `import { freePort } from ${JSON.stringify(module)}
    console.log(JSON.stringify(await Promise.all(Array.from({ length: 250 }, freePort))))
    process.stdin.resume().once('end', () => process.stdin.destroy())`
  // Each lives until all have answered: only the living have a claim.
  const children = Array.from({ length: 12 }, () => {
    const asked = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code])
    const said = new Promise((resolve) => asked.child.stdout?.once('data', resolve))
    return { asked, said }
  })
  await Promise.all(children.map(({ said }) => said))
  for (const { asked } of children) asked.child.stdin?.end()
  const answers = await Promise.all(children.map(({ asked }) => asked))
  const ports = answers.flatMap(({ stdout }) => JSON.parse(stdout) as number[])
  expect(new Set(ports).size).toBe(3000)
})

test('a port that something listens on is not free, and is free again afterwards', async () => {
  const port = await freePort()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  expect(await isFree(port)).toBe(false)
  await new Promise((resolve) => server.close(resolve))
  expect(await isFree(port)).toBe(true)
})
