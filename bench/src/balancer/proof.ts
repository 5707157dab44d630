import { ask } from '../load/ask.ts'
import { WrongContenderError } from '../wrong.ts'
import type { Contender } from './contenders.ts'

/**
 * Proves that a contender balances before it is measured: requests arrive whole and answers come back unchanged, both
 * nodes are used, an error of a node passes through, and where it has affinity, a client stays on its node.
 */
export async function prove(contender: Contender, nodes: readonly number[]): Promise<void> {
  await using running = await contender.start(nodes)
  const { port } = running
  const wrong = (what: string) => new WrongContenderError(`${contender.title}: ${what}.`)

  const plain = await ask(port, '/any?x=1&y=%20')
  if (plain.status !== 200 || plain.body.toString() !== '{"q":"password"}')
    throw wrong(`answered ${plain.status} ${plain.body}`)
  const { head } = JSON.parse((await ask(port, '/echo?x=1&y=%20', 'SESSION=abc')).body.toString()) as { head: string }
  if (!head.startsWith('GET /echo?x=1&y=%20 HTTP/1.1\r\n'))
    throw wrong(`changed the request line: ${head.split('\r\n')[0]}`)
  if (!/\r\ncookie: *SESSION=abc(\r|$)/i.test(head)) throw wrong('did not pass the Cookie header on')
  const failed = await ask(port, '/status/500')
  if (failed.status !== 500) throw wrong(`turned a node's 500 into ${failed.status}`)

  const nodesSeen = new Set<string>()
  for (let turn = 0; turn < 20 && nodesSeen.size < nodes.length; turn++) nodesSeen.add(servedBy(await ask(port, '/')))
  if (nodesSeen.size !== nodes.length) throw wrong(`used only ${[...nodesSeen].join()} of ${nodes.length} nodes`)
  if (!contender.affinity) return
  const { cookies, ...first } = await ask(port, '/')
  if (!cookies) throw wrong('set no affinity cookie')
  for (let turn = 0; turn < 8; turn++) {
    const node = servedBy(await ask(port, '/', cookies))
    if (node !== servedBy(first)) throw wrong(`moved a client from ${servedBy(first)} to ${node}`)
  }
}

function servedBy({ head }: { head: string }): string {
  return /\r\nx-served-by: *(\w+)/i.exec(head)?.[1] ?? 'nobody'
}
