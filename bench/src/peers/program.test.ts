import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findProgram, MissingProgramError, sources } from './program.ts'

const path = process.env.PATH
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-program-'))
  process.env.PATH = `${folder}:${path}`
})

afterEach(async () => {
  process.env.PATH = path
  await rm(folder, { recursive: true })
})

async function install(name: string, script: string): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, `#!/bin/sh\n${script}\n`)
  await chmod(file, 0o755)
  return file
}

test('a program on PATH is taken, with the version that it tells on either stream', async () => {
  const file = await install('nginx', 'echo "nginx version: nginx/9.8.7" >&2')
  expect(await findProgram(sources.nginx, () => {})).toMatchObject({ path: file, version: '9.8.7', origin: 'machine' })
})

test('a program that does not run is missing, and the message says what to type', async () => {
  await install('caddy', 'exit 3')
  const found = findProgram(sources.caddy, () => {})
  await expect(found).rejects.toThrow(MissingProgramError)
  await expect(found).rejects.toThrow(/caddy is missing .*apt-get install caddy.*dnf install caddy.*macOS/)
})
