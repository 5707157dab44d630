import { freePort, isFree } from '../src/index.ts'

/** Ports of the test's own for a demo of so many lanes; each further lane lies 100 above. */
export async function demoPorts(
  lanes = 1,
): Promise<Record<'PORT' | 'BALANCER_PORT' | 'ADMIN_PORT' | 'CONSOLE_PORT', string>> {
  for (;;) {
    const first = await freePort()
    // Room below for the admin ports, 1000 above, where the system must not take ports for outgoing connections either.
    if (first > 30_000) continue
    const nodes = [first, first + 1, first + 2, first + 1000, first + 1001, first + 1002]
    const lane = [...nodes, first + 10, first + 11]
    const ports = Array.from({ length: lanes }, (_, index) => lane.map((port) => port + 100 * index)).flat()
    const free = await Promise.all([...ports, first + 20].map((port) => isFree(port)))
    if (!free.every(Boolean)) continue
    const [PORT, BALANCER_PORT, ADMIN_PORT, CONSOLE_PORT] = [0, 10, 11, 20].map((above) => String(first + above))
    return { PORT, BALANCER_PORT, ADMIN_PORT, CONSOLE_PORT } as Awaited<ReturnType<typeof demoPorts>>
  }
}
