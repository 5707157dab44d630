/** What a stage needs from the machine: looked for, installed privately where that is possible, else said to be missing. */
import { spawnSync } from 'node:child_process'
import { findRedisServer } from '@session-cluster/cluster'
import { findChromium } from './chromium.ts'
import { installFromDebian } from './debian.ts'
import { fetchOldestNodes } from './oldest.ts'
import { fetchRedises } from './redises.ts'

export type Need = 'redis' | 'redises' | 'oldestNodes' | 'chromium' | 'containers' | 'kubectl' | 'peers'

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
  kubectl: async () =>
    spawnSync('kubectl', ['version', '--client']).error
      ? { missing: 'no kubectl: install it (Debian: kubernetes-client)' }
      : {},
  // Never missing as a whole: without them, the cases that run on them say so themselves.
  peers: async () => {
    const absent = ['haproxy', 'nginx'].filter((program) => spawnSync(program, ['-v']).error)
    if (absent.length > 0) installFromDebian(`${absent.join(' and ')} for the balancer's cases`, absent)
    return {}
  },
  containers: async () => {
    const engine = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { encoding: 'utf8' })
    if (engine.status !== 0) return { missing: 'no container engine answers: start Docker' }
    const compose = spawnSync('docker', ['compose', 'version'], { encoding: 'utf8' })
    return compose.status === 0 ? {} : { missing: 'Docker is there, but Compose v2 is not' }
  },
}

/** Looks for each part once. */
export async function findParts(needs: ReadonlySet<Need>): Promise<Map<Need, Part>> {
  const parts = new Map<Need, Part>()
  for (const need of needs) {
    parts.set(need, await finders[need]().catch((error: Error) => ({ missing: `${need}: ${error.message}` })))
  }
  return parts
}
