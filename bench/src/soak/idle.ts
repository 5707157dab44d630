import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Contender } from '../balancer/contenders.ts'
import { message } from '../load/generator.ts'
import { processTree, treeMemoryBytes } from '../measure/schedstat.ts'
import { endWithUs, stopChild } from '../measure/stop-child.ts'
import { table } from '../report/table.ts'

/** How a balancer bears clients that keep their connection and ask nothing. */
export interface Idle {
  readonly contender: string
  readonly clients: number
  /** Of them, how many were answered once more after the wait. */
  readonly held: number
  /** What one of them costs the balancer's processes (Pss); the kernel's socket buffers are not in it. */
  readonly bytesPerConnection: number
}

/** Opens `clients` keep-alive connections to each contender in turn, leaves them idle for a while, and asks again on each. */
export async function holdIdle(
  contender: Contender,
  nodes: readonly number[],
  clients: number,
  idleMs: number,
): Promise<Idle> {
  await using running = await contender.start(nodes)
  const holder = endWithUs(
    fork(fileURLToPath(new URL('idle-clients.ts', import.meta.url)), { stdio: ['ignore', 2, 2, 'ipc'] }),
  )
  await using _ = { [Symbol.asyncDispose]: () => stopChild(holder) }
  const say = async (order: object) => {
    holder.send(order)
    return (await message(holder)) as { answered: number }
  }
  const memory = () => treeMemoryBytes(processTree(running.pid))
  await say({ open: Math.ceil(clients / 50), port: running.port })
  const before = memory()
  const warm = Math.ceil(clients / 50)
  await say({ open: clients - warm, port: running.port })
  const after = memory()
  const { answered } = await say({ askAgainAfterMs: idleMs })
  return {
    contender: contender.title,
    clients,
    held: answered,
    bytesPerConnection: Math.round((after - before) / (clients - warm)),
  }
}

/** The table of all contenders. */
export function idleTable(idle: readonly Idle[]): string {
  const rows = idle.map(({ contender, clients, held, bytesPerConnection }) => [
    contender,
    `${held} of ${clients}`,
    (bytesPerConnection / 1024).toFixed(1),
  ])
  return table(['idle keep-alive clients', 'held', 'KiB each'], rows, [1, 2])
}
