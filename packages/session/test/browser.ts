import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'

/** A client that keeps cookies, as a browser does, and can be turned to another node. */
export interface Browser {
  /** The cookies it holds, by name. */
  readonly cookies: Map<string, string>
  get(url: string, node?: FastifyInstance): Promise<LightMyRequestResponse>
  send(options: InjectOptions, node?: FastifyInstance): Promise<LightMyRequestResponse>
  /** Another browser that holds the same cookies now: what a thief, or a second tab, would send. */
  copy(): Browser
}

/** A browser that asks this node unless told otherwise. */
export function browser(app: FastifyInstance, cookies = new Map<string, string>()): Browser {
  const send = async (options: InjectOptions, node = app): Promise<LightMyRequestResponse> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...(cookie ? { cookie } : {}), ...options.headers }
    const response = await node.inject({ ...options, headers })
    for (const line of setCookies(response)) keep(cookies, line)
    return response
  }
  return {
    cookies,
    send,
    get: (url, node) => send({ url }, node),
    copy: () => browser(app, new Map(cookies)),
  }
}

/** A response's `Set-Cookie` lines. */
export const setCookies = ({ headers }: LightMyRequestResponse): string[] => [headers['set-cookie'] ?? []].flat()

function keep(cookies: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split('; ')
  const [name = '', value = ''] = pair.split(/=(.*)/s)
  if (attributes.includes('Max-Age=0')) cookies.delete(name)
  else cookies.set(name, value)
}
