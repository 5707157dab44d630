/** Keeps the docs true: every relative link and anchor leads somewhere, every named path and npm script exists, every npm script is named. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** Whoever installs these has no other folder. */
const PUBLISHED = ['packages/session/', 'packages/balancer/']

/** What a document is checked against; paths are from the root. */
export interface Checkout {
  exists(path: string): boolean
  read(path: string): string
  scripts: ReadonlySet<string>
}

/** Every broken link, path or command in the Markdown files of a checkout, as `file: fault`. */
export function docsFaults(root: string): string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], { cwd: root, encoding: 'utf8' })
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }
  const checkout: Checkout = {
    exists: (path) => existsSync(join(root, path)),
    read: (path) => readFileSync(join(root, path), 'utf8'),
    scripts: new Set(Object.keys(scripts)),
  }
  const files = listed.split('\n').filter((file) => file && checkout.exists(file))
  return [...files.flatMap((file) => documentFaults(file, checkout)), ...untoldCommands('CONTRIBUTING.md', checkout)]
}

/** The commands that a document of all commands leaves out; npm runs `postinstall` itself. */
export function untoldCommands(file: string, { read, scripts }: Pick<Checkout, 'read' | 'scripts'>): string[] {
  const told = new Set([...read(file).matchAll(/\bnpm (?:run )?([\w-]+)/g)].map(([, name]) => name))
  const untold = [...scripts].filter((name) => name !== 'postinstall' && !told.has(name))
  return untold.map((name) => `${file} does not tell of \`npm run ${name}\``)
}

/** The faults of one document. */
export function documentFaults(file: string, checkout: Checkout): string[] {
  const text = checkout.read(file)
  const prose = text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '')
  return [
    ...linkFaults(file, prose, checkout),
    ...pathFaults(file, prose, checkout),
    ...[...text.matchAll(/\bnpm run ([\w:-]+)/g)]
      .filter((match) => !checkout.scripts.has(match[1] ?? '') && !ownScript(file, match[1] ?? '', checkout))
      .map((match) => `${file}: no npm script \`${match[1]}\``),
  ]
}

function linkFaults(file: string, prose: string, checkout: Checkout): string[] {
  const targets = [
    ...[...prose.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)].map((match) => match[1] ?? ''),
    ...[...prose.matchAll(/\b(?:src|href|srcset)="([^"]+)"/g)].map((match) => match[1] ?? ''),
  ]
  return targets.flatMap((target) => {
    if (/^[a-z][a-z+.-]*:/i.test(target)) return []
    const [path = '', anchor] = target.split('#')
    const resolved = path === '' ? file : normalize(join(dirname(file), path))
    if (!checkout.exists(resolved)) return [`${file}: broken link ${target}`]
    const published = PUBLISHED.find((folder) => file.startsWith(folder))
    if (published !== undefined && !resolved.startsWith(published)) {
      return [`${file}: ${target} is not in the package that is published; link to it by https`]
    }
    if (anchor && resolved.endsWith('.md') && !anchors(checkout.read(resolved)).has(anchor)) {
      return [`${file}: no heading #${anchor} in ${resolved}`]
    }
    return []
  })
}

/** Inline code such as `packages/session/src/index.ts` must name something that is there; placeholders are passed over. */
function pathFaults(file: string, prose: string, checkout: Checkout): string[] {
  return [...prose.matchAll(/`((?:apps|packages|scripts|docs|bench)\/[\w./@-]*)`/g)]
    .map((match) => (match[1] ?? '').replace(/\/$/, ''))
    .filter((path) => !checkout.exists(path))
    .map((path) => `${file}: no such path \`${path}\``)
}

function ownScript(file: string, script: string, checkout: Checkout): boolean {
  const manifest = join(dirname(file), 'package.json')
  if (!checkout.exists(manifest)) return false
  return script in ((JSON.parse(checkout.read(manifest)) as { scripts?: object }).scripts ?? {})
}

/** Heading anchors as GitHub makes them. */
function anchors(markdown: string): Set<string> {
  const headings = markdown.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6}\s+(.+?)\s*$/gm)
  const seen = new Map<string, number>()
  const found = new Set<string>()
  for (const heading of headings) {
    const slug = (heading[1] ?? '')
      .replace(/`|\*/g, '')
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-')
    const times = seen.get(slug) ?? 0
    seen.set(slug, times + 1)
    found.add(times === 0 ? slug : `${slug}-${times}`)
  }
  return found
}
