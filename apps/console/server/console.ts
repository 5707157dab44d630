import { fileURLToPath } from 'node:url'
import type { Cluster } from '@session-cluster/cluster'
import type { ProcessState } from '@session-cluster/contract'
import { buildApp } from './app.ts'
import { attachedLane } from './attached-lane.ts'
import type { Config } from './config.ts'
import { ownedLane } from './owned-lane.ts'
import { type LanePlan, Stage } from './stage.ts'

/** A console that listens. Disposing ends it, and with it every process that it started. */
export interface Console extends AsyncDisposable {
  /** Where a browser finds the page. */
  readonly url: string
  readonly stage: Stage
}

export interface ConsoleOptions {
  /** Hears one line before each step of the start that takes a while. */
  readonly onProgress?: ((line: string) => void) | undefined
  readonly onFailure?: ((mode: string, error: Error) => void) | undefined
  /** Every line that a process of the console's own lanes writes; `part` is `node a`, `balancer` or `redis`. */
  readonly onLog?: ((mode: string, part: string, line: string) => void) | undefined
  /** Every change of a process's state in the console's own lanes. */
  readonly onState?: ((mode: string, part: string, state: ProcessState) => void) | undefined
  /** Hears of each cluster of the console's own once it is up. It still belongs to the console. */
  readonly onCluster?: ((cluster: Cluster) => void) | undefined
  /** Gives up a start of lanes that is under way, and waiting for those that are attached. */
  readonly signal?: AbortSignal | undefined
  /** Further variables for every process of the console's own lanes. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** The folder of the built page. @default web/dist beside this folder */
  readonly pages?: string | undefined
  /** Whether the users act by themselves from the start. @default true */
  readonly running?: boolean | undefined
  /** Further variables for the balancers of the console's own lanes. */
  readonly balancerEnv?: Readonly<Record<string, string>> | undefined
}

export const builtPages = fileURLToPath(new URL('../web/dist', import.meta.url))

/** Each further lane's ports lie this far above the one's before it. */
export const portStep = 100

/** Starts the page at once and the lanes behind it; `stage.ready` tells when they are up. Rejects when the port is taken. */
export async function startConsole(config: Config, options: ConsoleOptions = {}): Promise<Console> {
  const stage = new Stage({
    lanes: config.attached.length > 0 ? attachedPlans(config, options) : ownedPlans(config, options),
    running: options.running,
    onFailure: options.onFailure,
  })
  try {
    const app = await buildApp({ stage, pages: options.pages ?? builtPages, allowedHosts: config.allowedHosts })
    const address = await app.listen({ host: config.host, port: config.port })
    const port = new URL(address).port
    return {
      url: `http://localhost:${port}/`,
      stage,
      async [Symbol.asyncDispose]() {
        await app.close()
        await stage[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await stage[Symbol.asyncDispose]()
    throw error
  }
}

function attachedPlans({ attached, adminToken }: Config, { signal }: ConsoleOptions): LanePlan[] {
  return attached.map((addresses) => ({
    mode: addresses.mode,
    attached: true,
    open: () => attachedLane(addresses, adminToken, { signal }),
  }))
}

function ownedPlans({ modes, ports, redisUrl }: Config, options: ConsoleOptions): LanePlan[] {
  return modes.map((mode, index) => ({
    mode,
    attached: false,
    open: () =>
      ownedLane({
        mode,
        redisUrl,
        env: options.env,
        balancerEnv: options.balancerEnv,
        signal: options.signal,
        onCluster: options.onCluster,
        onState: (part, state) => options.onState?.(mode, part, state),
        ports: shifted(ports, index * portStep),
        onProgress: (line) => options.onProgress?.(modes.length > 1 ? `${mode}: ${line}` : line),
        onLog: (part, line) => options.onLog?.(mode, part, line),
      }),
  }))
}

/** A lane's ports; one that is 0 stays any free one. */
function shifted(ports: Config['ports'], by: number): Config['ports'] {
  const shift = (port: number) => (port === 0 ? 0 : port + by)
  return { nodes: shift(ports.nodes), balancer: shift(ports.balancer), balancerAdmin: shift(ports.balancerAdmin) }
}
