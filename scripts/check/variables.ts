/** `.env.example` lists exactly the variables that the apps read and that Compose passes on. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A variable that one side names and the other does not, as a sentence. */
export function variableFaults(root: string): string[] {
  const read = (file: string) => readFileSync(join(root, file), 'utf8')
  const composeFiles = ['docker-compose.yml', ...globSync('deploy/compose/*.yml', { cwd: root })]
  const configs = globSync('apps/*/{src,server}/*config.ts', { cwd: root })
  return compare({
    listed: matchAll(read('.env.example'), /^([A-Z][A-Z_]+)=/gm),
    read: new Set(configs.flatMap((file) => [...matchAll(read(file), /env(?:,\s*'|\[\s*'|\.)([A-Z][A-Z_]+)/g)])),
    composed: matchAll(composeFiles.map(read).join('\n'), /(?:\$\{|[ {,])([A-Z][A-Z_]+)(?::|\})/g),
  })
}

/** What each side names. */
export interface Variables {
  listed: ReadonlySet<string>
  read: ReadonlySet<string>
  composed: ReadonlySet<string>
}

/** Paths on the host, which a container does not see. */
const NOT_IN_CONTAINERS = new Set([
  ...['TLS_CERT', 'TLS_KEY', 'UPSTREAMS_FILE', 'REDIS_CA', 'REDIS_CERT', 'REDIS_KEY'],
  ...['UPSTREAM_CA', 'UPSTREAM_CERT', 'UPSTREAM_KEY'],
])

/** The differences between the sides. */
export function compare({ listed, read, composed }: Variables): string[] {
  const known = new Set([...read, ...composed])
  return [
    ...[...known].filter((name) => !listed.has(name)).map((name) => `.env.example does not list ${name}`),
    ...[...read]
      .filter((name) => !composed.has(name) && !NOT_IN_CONTAINERS.has(name))
      .map((name) => `deploy/compose/parts.yml does not pass on ${name}: set in .env, it would do nothing`),
    ...[...listed].filter((name) => !known.has(name)).map((name) => `.env.example lists ${name}, which nothing reads`),
  ]
}

function matchAll(text: string, pattern: RegExp): Set<string> {
  return new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))
}
