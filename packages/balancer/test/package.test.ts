import { execFile, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { policies } from '../src/index.ts'

const require = createRequire(import.meta.url)
const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const workspace = join(root, '../..')
const scratch = mkdtempSync(join(tmpdir(), 'balancer-package-'))
const project = join(scratch, 'project')
let tarball = ''

const compilerOptions = {
  ...{ module: 'nodenext', target: 'esnext', strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false },
  ...{ types: ['node'], outDir: 'out' },
}

// Packed as publishing does it: built files, the published exports; installed into an empty project.
beforeAll(async () => {
  const { devDependencies } = JSON.parse(readFileSync(join(workspace, 'scripts/package.json'), 'utf8'))
  // Which refuses dead links, and packages that no registry has.
  await run(process.execPath, [join(workspace, 'scripts/pack.ts'), 'balancer', scratch])
  tarball = join(scratch, readdirSync(scratch).find((name) => name.endsWith('.tgz')) ?? 'nothing was packed')
  cpSync(join(root, 'examples'), project, { recursive: true })
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }')
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['ten-lines.ts'] }))
  const types = `@types/node@${devDependencies['@types/node']}`
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball, types], { cwd: project })
}, 300_000)

afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe('the packed package', { timeout: 300_000 }, () => {
  test('holds built files and their papers, nothing else', async () => {
    const { stdout } = await run('tar', ['-tzf', tarball])
    const files = stdout.trim().split('\n')
    const allowed =
      /^package\/(dist\/.*\.(js|d\.ts)|CASES\.md|CHANGELOG\.md|docs\/api\.md|README\.md|LICENSE|package\.json)$/
    expect(files.filter((file) => !allowed.test(file) || file.includes('.test.'))).toEqual([])
    expect(files).toEqual(
      expect.arrayContaining(['package/dist/index.js', 'package/dist/index.d.ts', 'package/LICENSE']),
    )
  })

  test('passes publint', async () => {
    const { publint } = await import('publint')
    const bytes = readFileSync(tarball)
    const pack = { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) }
    expect((await publint({ pack, strict: true })).messages).toEqual([])
  })

  test('passes arethetypeswrong as an ESM package', async () => {
    const home = dirname(require.resolve('@arethetypeswrong/cli/package.json'))
    const { stdout } = await run(process.execPath, [
      join(home, 'dist/index.js'),
      tarball,
      '--profile',
      'esm-only',
      '--no-emoji',
    ])
    // It exits with 1 at any problem.
    expect(stdout).toContain('node16 (from ESM)')
  })

  test('does without http-proxy until it is asked for, and says then what to install', async () => {
    const code = (engine: string) =>
      `import { createBalancer } from '@session-cluster/balancer'; createBalancer({ upstreams: [], engine: '${engine}' })`
    // Without what the test runner adds to the places where packages are looked for.
    const env = { PATH: process.env.PATH }
    const make = (engine: string) =>
      run(process.execPath, ['--input-type=module', '--eval', code(engine)], { cwd: project, env })
    await make('direct')
    await expect(make('http-proxy')).rejects.toThrow(/TypeError: engine: http-proxy needs .*npm install http-proxy@1/)
  })

  test('the ten lines compile strictly, with our declarations checked too, and run', async () => {
    await run(process.execPath, [join(workspace, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'], {
      cwd: project,
    })
    const child = spawn(process.execPath, ['out/ten-lines.js'], {
      cwd: project,
      env: { PORT: '0', PATH: process.env.PATH },
    })
    let said = ''
    child.stdout.on('data', (chunk) => {
      said += chunk
    })
    try {
      await expect.poll(() => said).toMatch(/^http:\/\/127\.0\.0\.1:\d+\n$/)
      // Nobody is on its upstreams' ports, or somebody is: either way the answer is a balancer's.
      const answer = await fetch(said.trim())
      expect(answer.headers.get('x-request-id')).toBeTruthy()
    } finally {
      child.kill('SIGKILL')
    }
  })
})

describe('the README', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')

  test('shows the ten lines as they are', () => {
    expect(readme).toContain(readFileSync(join(root, 'examples/ten-lines.ts'), 'utf8').trim())
  })

  test('says of every policy when to use it', () => {
    for (const name of Object.keys(policies)) expect(readme).toMatch(new RegExp(`^\\| \`${name}\` +\\| \\S`, 'm'))
  })
})
