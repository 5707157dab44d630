import { afterAll, beforeAll } from 'vitest'
import { openBrowser } from './browser.ts'
import { openConsole } from './open-console.ts'
import type { AccessLine, Shared } from './shared.ts'
import { accuracySuite } from './suites/accuracy.ts'
import { actionsSuite } from './suites/actions.ts'
import { everyoneSuite } from './suites/everyone.ts'
import { exportSuite } from './suites/export.ts'
import { layoutSuite } from './suites/layout.ts'
import { loadSuite } from './suites/load.ts'
import { oddOrdersSuite } from './suites/odd-orders.ts'
import { tableSuite } from './suites/table.ts'
import { tourSuite } from './suites/tour.ts'
import { truthSuite } from './suites/truth.ts'

// One console for all that is tried with three lanes: it takes longer to start its twelve processes than to try most things on them.
const access: Record<string, AccessLine[]> = { local: [], sticky: [], clustered: [] }
const stack = new AsyncDisposableStack()
let opened: Shared | undefined

beforeAll(async () => {
  const console = stack.use(
    await openConsole({
      balancerEnv: { ACCESS_LOG: 'on' },
      onLog(mode, part, line) {
        if (part === 'balancer' && line.includes('"msg":"request"')) access[mode]?.push(JSON.parse(line) as AccessLine)
      },
    }),
  )
  const browser = stack.adopt(await openBrowser(), (one) => one.close())
  opened = { console, browser, access }
})
afterAll(() => stack.disposeAsync())

const shared = (): Shared => {
  if (!opened) throw new Error('the console did not open')
  return opened
}

accuracySuite(shared)
truthSuite(shared)
tableSuite(shared)
tourSuite(shared)
actionsSuite(shared)
oddOrdersSuite(shared)
everyoneSuite(shared)
layoutSuite(shared)
exportSuite(shared)
loadSuite(shared)
