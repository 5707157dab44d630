/** Where a node or a balancer listens, as it announced itself. */
export interface Addresses {
  readonly url: string
  readonly adminUrl: string
}

/** Reads the log line with which a process says that it is ready; `undefined` for every other line. */
export function readReady(line: string): Addresses | undefined {
  if (!line.includes('"ready"')) return undefined
  try {
    const { msg, url, adminUrl } = JSON.parse(line) as Record<string, unknown>
    if (msg !== 'ready' || typeof url !== 'string' || typeof adminUrl !== 'string') return undefined
    return { url, adminUrl }
  } catch {
    return undefined
  }
}
