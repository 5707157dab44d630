/** What must not be in a package that strangers install. */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A line for each fault of a tarball: a link to a file that is not in it, a package of this workspace that no registry has, no licence. */
export function packedFaults(tarball: string): string[] {
  const scratch = mkdtempSync(join(tmpdir(), 'packed-'))
  try {
    execFileSync('tar', ['-xzf', tarball, '-C', scratch])
    return unpackedFaults(join(scratch, 'package'))
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

/** The same of an unpacked one. */
export function unpackedFaults(folder: string): string[] {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>
  const dependencies = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'].flatMap((kind) =>
    Object.entries((manifest[kind] ?? {}) as Record<string, string>),
  )
  const ours = dependencies.filter(([name, range]) => name.startsWith('@session-cluster/') || range.includes(':'))
  const dead = globSync('**/*.md', { cwd: folder }).flatMap((file) =>
    linksOf(readFileSync(join(folder, file), 'utf8'))
      .filter((link) => !existsSync(join(folder, dirname(file), link)))
      .map((link) => `${file} links to ${link}, which is not in the package`),
  )
  return [
    ...ours.map(([name, range]) => `package.json asks for ${name}@${range}, which no registry has`),
    ...dead,
    ...(existsSync(join(folder, 'LICENSE')) ? [] : ['there is no LICENSE']),
  ]
}

/** Relative ones, without their fragments. */
function linksOf(markdown: string): string[] {
  const links = [...markdown.matchAll(/\]\(([^)#\s]+)/g)].map((match) => match[1] ?? '')
  return links.filter((link) => !/^[a-z]+:/.test(link))
}
