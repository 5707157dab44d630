/**
 * Who may import whom. Docs/architecture.md tells the reasons; this keeps them true.
 *
 * `apps → packages`, never app → app (a script may load a `main.ts`, which starts the process, or use what an app exports by name); `session` and `balancer` know nothing of each other; `contract` imports nothing; `cluster` starts the apps as
 * processes and imports none of their code; nothing imports the console, the lab or the bench; no file reaches into
 * another workspace by a relative path.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'

/** One `import`, `export … from` or `import()` of a file, both as paths from the root; `to` may also be a bare specifier. */
export interface Import {
  file: string
  to: string
}

const specifier = /(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])([^'"\n]+)\1/g

/** Every rule that an import breaks, as a sentence; empty when it is allowed. */
export function judge({ file, to }: Import, names: ReadonlyMap<string, string>): string[] {
  const from = home(file)
  const target = to.startsWith('.') ? home(relativeTarget(file, to)) : bareHome(to, names)
  if (target === undefined || target === from) return []
  if (from === 'scripts' && mayCompose(to)) return []
  const faults: string[] = []
  const say = (rule: string) => faults.push(`${file} imports ${to}: ${rule}`)
  if (to.startsWith('.')) say('reach another workspace by its name, not by a relative path')
  if (from === 'packages/contract') say('the contract imports nothing')
  if (from === 'packages/session' && target === 'packages/balancer') say('session knows nothing of the balancer')
  if (from === 'packages/balancer' && target === 'packages/session') say('balancer knows nothing of sessions')
  if (target.startsWith('apps/')) say('nothing imports an app: it is a process')
  if (target === 'bench') say('nothing imports the bench')
  if (target === 'scripts') say('scripts are entry points')
  if (from?.startsWith('packages/') && !target.startsWith('packages/')) say('a package knows only packages')
  return faults
}

/** Scripts put the whole together, so they may do what nothing else may. */
function mayCompose(to: string): boolean {
  return !to.startsWith('.') || to.endsWith('/main.ts')
}

/** Checks every source file that git knows or would add. */
export function boundaryFaults(root: string): string[] {
  const names = workspaceNames(root)
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  const files = listed
    .split('\n')
    .filter((file) => /\.(?:m?[jt]sx?|svelte)$/.test(file) && existsSync(join(root, file)))
  return files.flatMap((file) =>
    importsOf(file, readFileSync(join(root, file), 'utf8')).flatMap((found) => judge(found, names)),
  )
}

/** The imports that a source text names, comments and strings that look like one included (none should). */
export function importsOf(file: string, source: string): Import[] {
  return [...source.matchAll(specifier)].map((match) => ({ file, to: match[2] ?? '' }))
}

function home(file: string): string | undefined {
  const [group, name] = file.split('/')
  if (group === 'apps' || group === 'packages') return `${group}/${name}`
  return group === 'bench' || group === 'scripts' ? group : undefined
}

function relativeTarget(file: string, to: string): string {
  return relative('/', resolve('/', dirname(file), to))
    .split(sep)
    .join('/')
}

function bareHome(to: string, names: ReadonlyMap<string, string>): string | undefined {
  return names.get(to.split('/').slice(0, 2).join('/'))
}

function workspaceNames(root: string): Map<string, string> {
  const manifests = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*package.json'], {
    cwd: root,
    encoding: 'utf8',
  })
  const names = new Map<string, string>()
  for (const file of manifests.split('\n').filter(Boolean)) {
    const folder = home(file)
    if (folder && dirname(file) === folder) names.set(JSON.parse(readFileSync(join(root, file), 'utf8')).name, folder)
  }
  return names
}
