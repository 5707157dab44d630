import type { ProcessState } from '@session-cluster/contract'
import type { LogLine } from './log-buffer.ts'
import type { RedisOptions } from './redis/start.ts'

/** How a cluster is started. */
export interface ClusterOptions {
  /** Where sessions live: `local`, `sticky`, `clustered` (`redis` is the same) or `hybrid`. */
  readonly mode: string
  /** How many nodes, named a, b, c …; or their names. @default 3 */
  readonly nodes?: number | readonly string[]
  /** Ports to listen on. @default any free ones */
  readonly ports?: ClusterPorts
  /** The Redis that `clustered` and `hybrid` need; in the other modes nothing is started. */
  readonly redis?: Omit<RedisOptions, 'env' | 'onLine' | 'onState'>
  /** Puts a `TcpProxy` between nodes and Redis, or between the balancer and each node, to slow or break that link. */
  readonly links?: { readonly redis?: boolean; readonly nodes?: boolean }
  /** Further variables for every process; they win over what the cluster itself sets. */
  readonly env?: Readonly<Record<string, string>>
  /** Further variables for the nodes alone. */
  readonly nodeEnv?: Readonly<Record<string, string>>
  /** Further variables for the balancer alone. */
  readonly balancerEnv?: Readonly<Record<string, string>>
  /** The files that a node and the balancer run. @default the project's apps */
  readonly entryPoints?: { readonly node?: string; readonly balancer?: string }
  /** How long each process may take to be ready. @default 30_000 */
  readonly startTimeoutMs?: number
  /** How long a graceful stop may take before SIGKILL. @default 30_000 */
  readonly stopTimeoutMs?: number
  /** How many of its last log lines are kept for each process. @default 200 */
  readonly logLines?: number
  /** Gives up a start that is under way: what was started ends, and the start rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Hears every line that a process writes; `part` is `node a`, `balancer` or `redis`. */
  readonly onLog?: (part: string, line: LogLine) => void
  /** Hears every change of a process's state. */
  readonly onState?: (part: string, state: ProcessState) => void
  /** Hears one line before each step of the start that takes a while. */
  readonly onProgress?: (line: string) => void
}

/** Ports on 127.0.0.1. What is left out is any free port. */
export interface ClusterPorts {
  /** The first node's; each further node takes the next. */
  readonly nodes?: number
  /** The first node's admin API; each further node takes the next. */
  readonly nodeAdmins?: number
  readonly balancer?: number
  readonly balancerAdmin?: number
}

/** The names of the nodes: given ones, or as many letters from a. Throws a `TypeError` when they make no cluster. */
export function nodeNames(nodes: number | readonly string[] = 3): readonly string[] {
  if (typeof nodes === 'number' && !(Number.isInteger(nodes) && nodes >= 1 && nodes <= 26)) {
    throw new TypeError(`nodes is ${nodes}: use 1 to 26, or a list of names`)
  }
  const names = typeof nodes === 'number' ? Array.from({ length: nodes }, (_, index) => nodeName(index)) : nodes
  for (const [index, name] of names.entries()) {
    if (!/^[a-zA-Z0-9_-]{1,32}$/.test(name))
      throw new TypeError(`node name ${JSON.stringify(name)}: use letters, digits, - and _`)
    if (names.indexOf(name) !== index) throw new TypeError(`node name ${JSON.stringify(name)} is given twice`)
  }
  if (names.length === 0) throw new TypeError('nodes is empty: a cluster has at least one node')
  return names
}

/** The name of the nth node (from 0): a, b, c … */
export function nodeName(index: number): string {
  return String.fromCharCode('a'.charCodeAt(0) + index)
}
