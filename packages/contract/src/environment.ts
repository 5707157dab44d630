/** Whether a host is this machine's own: `localhost`, `::1`, or an address in 127.0.0.0/8 (RFC 6890), with or without brackets. */
export function isLoopback(host: string): boolean {
  return /^(localhost|\[?::1\]?|127(\.\d{1,3}){3})$/i.test(host)
}

/** Whether a name that a browser was given can only lead to this machine: a loopback host, or a name below `localhost` (RFC 6761 §6.3). */
export function isLoopbackName(name: string): boolean {
  return isLoopback(name) || /^([\w-]+\.)+localhost$/i.test(name)
}

/**
 * An environment without the variables that Kubernetes adds for each Service (`enableServiceLinks`): a Service named `balancer` sets
 * `BALANCER_PORT=tcp://10.0.0.1:8000`, which is no port, and `BALANCER_SERVICE_HOST`, which nobody has set.
 */
export function withoutServiceLinks<T extends Readonly<Record<string, string | undefined>>>(env: T): T {
  return Object.fromEntries(Object.entries(env).filter(([name, value]) => !isServiceLink(name, value))) as T
}

function isServiceLink(name: string, value = ''): boolean {
  return (
    /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/.test(name) ||
    /_PORT_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?$/.test(name) ||
    (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value))
  )
}
