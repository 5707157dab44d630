import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Spring Session in a Java process of its own. */
export interface SpringRig extends AsyncDisposable {
  /** One command of `SpringSession.java`, and its answer. */
  ask(command: string): Promise<string>
}

const folder = fileURLToPath(new URL('spring', import.meta.url))
const jars = fileURLToPath(new URL('../node_modules/.cache/spring-session-4.0.1', import.meta.url))

/** Why Spring Session cannot be run on this machine; `undefined` when it can. Its jars are fetched the first time. */
export function whyNoSpring(): string | undefined {
  for (const program of ['java', 'mvn']) {
    if (spawnSync(program, ['-version']).status !== 0) return `no ${program}`
  }
  if (existsSync(jars)) return undefined
  const part = `${jars}.part-${process.pid}`
  mkdirSync(part, { recursive: true })
  const args = ['-q', '-B', '-f', join(folder, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${part}`]
  if (spawnSync('mvn', args, { timeout: 180_000 }).status !== 0) return 'Maven could not fetch Spring Session'
  renameSync(part, jars)
  return undefined
}

/** Starts it against the Redis on this port. */
export function springRig(port: number): SpringRig {
  const args = ['-cp', join(jars, '*'), join(folder, 'SpringSession.java'), String(port)]
  const java = spawn('java', args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const exit = once(java, 'exit')
  const lines = createInterface({ input: java.stdout })[Symbol.asyncIterator]()
  return {
    async ask(command) {
      java.stdin.write(`${command}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error('the Java process has ended')
      return value as string
    },
    async [Symbol.asyncDispose]() {
      java.stdin.end()
      await exit
    },
  }
}
