import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** The versions of Spring Boot that sessions are shared with. */
export const BOOTS = ['3.5.7', '4.0.7'] as const
export type Boot = (typeof BOOTS)[number]

/** Programs of the tests, in a process of their own. */
export interface ProgramRig extends AsyncDisposable {
  /** Where each of its variants listens. */
  readonly urls: ReadonlyMap<string, string>
}

const folder = fileURLToPath(new URL('spring', import.meta.url))
const cache = fileURLToPath(new URL('../node_modules/.cache/spring-boot', import.meta.url))
const source = join(folder, 'Demo.java')
const digest = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12)
const jars = (boot: Boot): string => join(cache, boot)
const classes = (boot: Boot): string => join(cache, `${boot}-${digest}`)

/** Why Spring Boot cannot be run on this machine; `undefined` when it can. Fetched and compiled the first time. */
export function whyNoSpring(): string | undefined {
  for (const program of ['javac', 'mvn']) {
    if (spawnSync(program, ['-version']).status !== 0) return `no ${program}`
  }
  const fetched = BOOTS.every((boot) =>
    made(jars(boot), 'mvn', (part) => [
      ...['-q', '-B', '-f', join(folder, 'pom.xml'), `-Dboot=${boot}`],
      ...['dependency:copy-dependencies', `-DoutputDirectory=${part}`],
    ]),
  )
  if (!fetched) return 'Maven could not fetch Spring Boot'
  const compiled = BOOTS.every((boot) =>
    made(classes(boot), 'javac', (part) => [
      ...['-nowarn', '-proc:none', '-parameters', '-cp', join(jars(boot), '*'), '-d', part, source],
    ]),
  )
  return compiled ? undefined : 'javac could not compile Demo.java'
}

/** Has a folder made by a command, unless it is there; whole or not at all. */
function made(target: string, command: string, args: (part: string) => readonly string[]): boolean {
  if (existsSync(target)) return true
  const part = `${target}.part-${process.pid}`
  mkdirSync(part, { recursive: true })
  if (spawnSync(command, args(part), { timeout: 180_000 }).status !== 0) return false
  if (!existsSync(target)) renameSync(part, target)
  return true
}

/** Starts Spring Boot, one application for each variant, against the Redis on this port. */
export function springBoot(boot: Boot, redisPort: number, variants: readonly string[]): Promise<ProgramRig> {
  const path = [classes(boot), join(jars(boot), '*')].join(':')
  const quick = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']
  return program('java', [...quick, '-cp', path, 'demo.Demo', String(redisPort), ...variants])
}

/** Starts ours, one application for each variant. */
export function ours(redisPort: number, variants: readonly string[]): Promise<ProgramRig> {
  return program(process.execPath, [join(folder, 'ours.ts'), String(redisPort), ...variants])
}

/** A program prints `<variant> <port>` for each variant, then `ready`, and ends when its input does. */
async function program(command: string, args: readonly string[]): Promise<ProgramRig> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  return {
    urls: await addresses(child),
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      await exit
    },
  }
}

async function addresses(child: ChildProcess & { stdout: NodeJS.ReadableStream }): Promise<Map<string, string>> {
  const urls = new Map<string, string>()
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'ready') return urls
    const [variant = '', port = ''] = line.split(' ')
    urls.set(variant, `http://127.0.0.1:${port}`)
  }
  throw new Error(`${child.spawnfile} ended before it was ready`)
}
