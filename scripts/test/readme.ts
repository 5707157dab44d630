/**
 * Does what the README says, to the letter: starts the demo in each mode, types the commands, compares what they print, and makes the
 * table again. `--write` puts a new table into both READMEs instead of comparing.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Command, marked, matches, remarked, sessions } from '../walk/document.ts'
import { walkTable } from '../walk/table.ts'
import { root } from '../workspace.ts'
import { tell } from './recap.ts'

const readmes = ['README.md', 'README.ko.md'].map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }))
const shell = promisify(execFile)
let faults = 0
process.on('uncaughtExceptionMonitor', (error) => tell({ what: 'the README as typed', why: String(error) }))

const table = await walkTable()
for (const { name, text } of readmes) {
  if (process.argv.includes('--write')) writeFileSync(join(root, name), remarked(text, 'table', underHead(text)))
  else if (rows(marked(text, 'table')) !== rows(table))
    fault(`${name}: the table is not what the clusters did:\n${table}`)
}

for (const { name, text } of readmes) {
  for (const [mode, commands] of sessions(text)) {
    const demo = await startDemo(mode)
    try {
      await type(name, mode, commands)
    } finally {
      await stop(demo)
    }
  }
}

if (faults === 0) console.log('readme: every command prints what the READMEs show; the table holds')
process.exitCode = faults === 0 ? 0 : 1

/** The new figures under the head that the document has already, in its own language. */
function underHead(text: string): string {
  const head = marked(text, 'table').split('\n').slice(0, 2)
  return head.length === 2 ? [...head, rows(table)].join('\n') : table
}

/** The figures of a table, whatever language its head is in. */
function rows(markdown: string): string {
  return markdown.split('\n').slice(2).join('\n')
}

async function type(name: string, mode: string, commands: Command[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'readme-'))
  for (const { line, expected } of commands) {
    const { stdout } = await shell('bash', ['-c', line], { cwd: folder, timeout: 60_000 })
    if (!matches(expected, stdout)) fault(`${name}, MODE=${mode}: \`${line}\` printed\n${stdout}\nnot\n${expected}`)
  }
  rmSync(folder, { recursive: true })
}

/** `MODE=… npm run demo` in a process group of its own, as a terminal would have it, until its last line of advice is out. */
async function startDemo(mode: string): Promise<ChildProcess> {
  const demo = spawn('npm', ['run', '--silent', 'demo'], {
    cwd: root,
    env: { ...process.env, MODE: mode },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  let printed = ''
  await new Promise<void>((resolve, reject) => {
    demo.stdout.on('data', (chunk) => {
      printed += chunk
      if (printed.includes('Ctrl-C')) resolve()
    })
    demo.on('exit', (code) => reject(new Error(`MODE=${mode} npm run demo exited with ${code}:\n${printed}`)))
  })
  return demo
}

/** What Ctrl-C does: an interrupt to the whole group. */
async function stop(demo: ChildProcess): Promise<void> {
  const exit = once(demo, 'exit')
  if (demo.pid === undefined || demo.exitCode !== null) return
  process.kill(-demo.pid, 'SIGINT')
  await exit
}

function fault(message: string): void {
  faults++
  console.error(`readme: ${message}`)
  tell({ what: 'the README as typed', why: message })
}
