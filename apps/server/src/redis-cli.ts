import type { RedisAddress } from './redis-address.ts'

/**
 * The line a reader types in a shell to see one hash as Redis holds it.
 * Holds no password: where one is needed, `redis-cli` asks for it.
 */
export function redisCliLine(address: RedisAddress, key: string): string {
  const command = `HGETALL ${shellQuote(key)}`
  const [{ host, port }] = address.endpoints
  const tls = address.tls ? ' --tls' : ''
  const login = address.password === undefined ? '' : `${loginName(address)} --askpass`
  switch (address.kind) {
    case 'single': {
      const db = address.db === 0 ? '' : ` -n ${address.db}`
      return `redis-cli -h ${host} -p ${port}${tls}${login}${db} ${command}`
    }
    case 'cluster':
      return `redis-cli -c -h ${host} -p ${port}${tls}${login} ${command}`
    case 'sentinel': {
      const ask = `redis-cli -h ${host} -p ${port}${tls} SENTINEL get-master-addr-by-name ${shellQuote(address.primary ?? '')}`
      const scheme = address.tls ? 'rediss' : 'redis'
      return `redis-cli -u ${scheme}://$(${ask} | paste -sd:)/${address.db}${login} ${command}`
    }
  }
}

function loginName(address: RedisAddress): string {
  return address.username === undefined ? '' : ` --user ${shellQuote(address.username)}`
}

function shellQuote(text: string): string {
  return /^[\w:./@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
