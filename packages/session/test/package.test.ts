import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apiReference } from '../scripts/api-reference.ts'

const run = promisify(execFile)
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const workspace = join(root, '../..')
const scratch = mkdtempSync(join(tmpdir(), 'session-package-'))
const project = join(scratch, 'project')
let tarball = ''
/** Each compilation takes seconds; the large form tries all that the README names. */
const isFull = process.env.TEST_BUDGET === 'full'

/** Packs as publishing does: built files, published exports. */
beforeAll(async () => {
  const { devDependencies } = JSON.parse(readFileSync(join(workspace, 'scripts/package.json'), 'utf8'))
  // Which refuses dead links, and packages that no registry has.
  await run(process.execPath, [join(workspace, 'scripts/pack.ts'), 'session', scratch])
  tarball = join(scratch, readdirSync(scratch).find((name) => name.endsWith('.tgz')) ?? 'no tarball')
  cpSync(join(root, 'examples'), project, { recursive: true })
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }')
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(strictest))
  await install(tarball, `@types/node@${devDependencies['@types/node']}`)
}, 300_000)
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** What the strictest user compiles with: our declarations are checked too. */
const strictest = {
  compilerOptions: {
    module: 'nodenext',
    target: 'esnext',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    outDir: 'out',
    types: ['node'],
  },
}

const install = (...packages: string[]) =>
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...packages], { cwd: project })

const compile = (file: string, compiler = 'node_modules/typescript/bin/tsc', cwd = workspace) =>
  run(process.execPath, [join(cwd, compiler), '-p', 'tsconfig.json'], { cwd: narrowed(file) })

/** Has the project compile this one file. */
function narrowed(file: string): string {
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ ...strictest, files: [file] }))
  return project
}

/** Asks a server of the example three times, as its README does. */
async function visit(script: string): Promise<string> {
  const env = { ...process.env, PORT: '0' }
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: project, env })
  return stdout
}

describe('the packed package', { timeout: 300_000 }, () => {
  it('holds built files, documentation and nothing else', async () => {
    const { stdout } = await run('tar', ['-tzf', tarball])
    const files = stdout
      .trim()
      .split('\n')
      .map((file) => file.replace('package/', ''))
    expect(
      files.filter(
        (file) =>
          !/^(dist\/.*\.(js|d\.ts)|examples\/[a-z0-9/-]+\.(ts|mjs)|docs\/(api|near-cache|redis|spring)\.md|(README|CHANGELOG)\.md|LICENSE|package\.json)$/.test(
            file,
          ),
      ),
    ).toEqual([])
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/index.js',
        'dist/http.d.ts',
        'dist/testing.js',
        'README.md',
        'CHANGELOG.md',
        'LICENSE',
      ]),
    )
    expect(files.filter((file) => file.includes('.test.'))).toEqual([])
  })

  it('lets its users take fixes of its dependencies, and says where it comes from', async () => {
    const { stdout } = await run('tar', ['-xzOf', tarball, 'package/package.json'])
    const { dependencies, repository, homepage, bugs } = JSON.parse(stdout)
    for (const range of Object.values(dependencies)) expect(range).toMatch(/^\^\d/)
    expect([repository.directory, homepage, bugs].every((text) => typeof text === 'string')).toBe(true)
  })

  it('passes publint', async () => {
    const { publint } = await import('publint')
    const bytes = readFileSync(tarball)
    const pack = { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) }
    const { messages } = await publint({ pack, strict: true })
    expect(messages).toEqual([])
  })

  it('passes arethetypeswrong, as an ESM package', async () => {
    const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js')
    const { stdout } = await run(process.execPath, [attw, tarball, '--profile', 'esm-only', '--no-emoji'], {
      cwd: root,
    })
    expect(stdout).toContain('"@session-cluster/session/http"') // it exits with 1 at any problem
  })

  it('compiles and runs without Fastify, from an empty project', async () => {
    await compile('node-http.ts')
    const script = `
      const { server } = await import('./out/node-http.js')
      if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
      const url = 'http://127.0.0.1:' + server.address().port
      const first = await fetch(url)
      const cookie = first.headers.getSetCookie()[0].split(';')[0]
      console.log(await first.text() + await (await fetch(url, { headers: { cookie } })).text())
      server.closeAllConnections(); server.close()`
    expect(await visit(script)).toBe('visit 1\nvisit 2\n\n')
  })

  it('can be required by CommonJS', async () => {
    const script = `const { withSessions, redisStore } = require('@session-cluster/session/http')
      const { expressSyncSessions } = require('@session-cluster/session/express-session')
      console.log(typeof withSessions, typeof redisStore, typeof expressSyncSessions)`
    const { stdout } = await run(process.execPath, ['--input-type=commonjs', '-e', script], { cwd: project })
    expect(stdout).toBe('function function function\n')
  })

  it.each([
    ['works', 'ts', 'commonjs', 'node10'],
    ['fails', 'cts', 'node16', 'node16'],
    ...(isFull
      ? [
          ['works', 'cts', 'nodenext', 'nodenext'],
          ['works', 'ts', 'preserve', 'bundler'],
        ]
      : []),
  ])(
    '%s in a .%s file with module %s and moduleResolution %s, as the README says',
    async (works, ending, module, resolution) => {
      const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
      await install(`typescript@${devDependencies['typescript-5'].split('@').at(-1)}`)
      const source = `import { createSessions, memoryStore, withSessions } from '@session-cluster/session/http'
      import { expressSyncSessions } from '@session-cluster/session/express-session'
      const sessions = createSessions<{ n: number }>({ store: memoryStore() })
      export const listener = withSessions(sessions, async (_request, _response, session) => session.set('n', 1))
      export const middleware = expressSyncSessions(sessions)
      // @ts-expect-error there is no such attribute
      sessions.of({}).get('unknown')`
      writeFileSync(join(project, `settings.${ending}`), source)
      const compilerOptions = { ...strictest.compilerOptions, module, moduleResolution: resolution, noEmit: true }
      writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [`settings.${ending}`] }))
      const compiled = run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], { cwd: project })
      const outcome = await compiled.then(
        () => 'works',
        ({ stdout }) => (/TS1479/.test(stdout) ? 'fails' : stdout),
      )
      expect(outcome).toBe(works)
    },
  )

  it.each(isFull ? ['7', '5'] : ['5'])(
    'compiles with TypeScript %s and runs with Fastify, as the README shows',
    async (version) => {
      const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
      await install('fastify@5', `ioredis@6`, `typescript@${devDependencies['typescript-5'].split('@').at(-1)}`)
      await compile('quick-start.ts', undefined, version === '7' ? workspace : project)
      const script = `
      const { app } = await import('./out/quick-start.js')
      const hello = await app.inject('/hello?name=Ada')
      const cookie = hello.headers['set-cookie'].split(';')[0]
      const visit = await app.inject({ url: '/', headers: { cookie } })
      console.log(hello.body + visit.body + (await app.inject('/')).body)
      await app.close()`
      expect(await visit(script)).toBe('Nice to meet you\nHello Ada, visit 1\nHello stranger, visit 1\n\n')
    },
  )
})

describe('the documentation', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')

  it('shows the examples as they are', () => {
    expect(readme).toContain(readFileSync(join(root, 'examples/quick-start.ts'), 'utf8').trim())
  })

  it('has an API reference that is up to date with the doc comments', () => {
    expect(readFileSync(join(root, 'docs/api.md'), 'utf8')).toBe(apiReference())
  })

  it('names every event and every codec', async () => {
    const { EVENT_NAMES } = await import('../src/observe/events.ts')
    for (const name of EVENT_NAMES) expect(readme).toContain(name)
  })
})
