import { lessons, type Mode } from '@session-cluster/contract'
import { type Console, startConsole } from '../server/console.ts'

/**
 * The product's health checks come every second and its nodes drain for three; tests need not wait that long. Draining is longer than two
 * checks here too, so that nothing is cut off. The store gets longer than the product gives it, because two files of tests share two cores.
 */
const quick = { DRAIN_MS: '700', GRACE_MS: '100', HEALTH_INTERVAL_MS: '250', SESSION_STORE_TIMEOUT_MS: '1500' }

/** A console with lanes of its own on free ports, its users logged in and standing still. */
export async function openConsole(
  options: {
    modes?: readonly Mode[]
    onLog?: (mode: string, part: string, line: string) => void
    balancerEnv?: Record<string, string>
  } = {},
): Promise<Console> {
  const console = await startConsole(
    {
      host: '127.0.0.1',
      port: 0,
      allowedHosts: [],
      modes: options.modes ?? lessons,
      attached: [],
      ports: { nodes: 0, balancer: 0, balancerAdmin: 0 },
    },
    { running: false, env: quick, onLog: options.onLog, balancerEnv: options.balancerEnv },
  )
  await console.stage.ready
  const missing = (options.modes ?? lessons).filter((mode) => !console.stage.lanes.has(mode))
  if (missing.length > 0) {
    const errors = console.stage.laneViews().map(({ id, error }) => `${id}: ${error ?? 'ready'}`)
    await console[Symbol.asyncDispose]()
    throw new Error(`lanes did not come up: ${errors.join('; ')}`)
  }
  return console
}
