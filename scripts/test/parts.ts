/** What a stage needs from the machine: looked for, installed privately where that is possible, else said to be missing. */
import { spawnSync } from 'node:child_process'
import { findRedisServer } from '@session-cluster/cluster'
import { findChromium } from './chromium.ts'
import { installFromDebian } from './debian.ts'
import { fetchOldestNodes } from './oldest.ts'
import { fetchRedises } from './redises.ts'

export type Need = 'redis' | 'redises' | 'oldestNodes' | 'chromium' | 'containers' | 'kubectl' | 'peers' | 'java'

export interface Part {
  /** How the stage's processes learn of it. */
  env?: NodeJS.ProcessEnv
  /** Why it is not to be had, and what would mend that; `undefined` when it is there. */
  missing?: string
}

const finders: Record<Need, () => Promise<Part>> = {
  redis: async () => ({ env: { REDIS_SERVER: await findRedisServer() } }),
  redises: async () => {
    fetchRedises()
    return {}
  },
  oldestNodes: async () => {
    fetchOldestNodes()
    return {}
  },
  chromium: async () => {
    const path = await findChromium()
    return path ? { env: { CHROMIUM: path } } : { missing: 'no Chromium: install Chrome or Chromium, or set CHROMIUM' }
  },
  kubectl: async () => programs({ kubectl: 'kubernetes-client' }, 'the manifests'),
  peers: async () => programs({ haproxy: 'haproxy', nginx: 'nginx' }, "the balancer's cases"),
  java: async () => programs({ javac: 'default-jdk-headless', mvn: 'maven' }, 'what is shared with Spring'),
  containers: async () => {
    const engine = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { encoding: 'utf8' })
    if (engine.status !== 0) return { missing: 'no container engine answers: start Docker' }
    const compose = spawnSync('docker', ['compose', 'version'], { encoding: 'utf8' })
    return compose.status === 0 ? {} : { missing: 'Docker is there, but Compose v2 is not' }
  },
}

/** Programs by the Debian package that has each: installed where that needs no asking. */
function programs(packages: Record<string, string>, what: string): Part {
  const absent = () => Object.keys(packages).filter((program) => spawnSync(program, ['-version']).error)
  const wanted = absent()
  if (wanted.length > 0)
    installFromDebian(
      `${wanted.join(' and ')} for ${what}`,
      wanted.map((name) => packages[name] ?? ''),
    )
  const names = absent().join(' and ')
  return names ? { missing: `no ${names} for ${what}: install it` } : {}
}

/** Looks for each part once. */
export async function findParts(needs: ReadonlySet<Need>): Promise<Map<Need, Part>> {
  const parts = new Map<Need, Part>()
  for (const need of needs) {
    parts.set(need, await finders[need]().catch((error: Error) => ({ missing: `${need}: ${error.message}` })))
  }
  return parts
}
