/**
 * `npm run server`: one node in the foreground, configured by the environment. In a second terminal `PORT=8081 npm run server`
 * is one more: without NODE_NAME, the ports 8080, 8081, 8082 … are the nodes a, b, c …,
 * and their pages link to the first two.
 */
const FIRST_PORT = 8080

const { env } = process
const port = Number(env.PORT || FIRST_PORT)
const letter = port - FIRST_PORT
if (!env.NODE_NAME && letter >= 0 && letter < 26) env.NODE_NAME = String.fromCharCode('a'.charCodeAt(0) + letter)

env.NEIGHBOURS ||= 'a=8080,b=8081'

if (['clustered', 'redis', 'hybrid'].includes(env.MODE ?? '') && !env.REDIS_URL) {
  console.error(
    `MODE=${env.MODE} needs REDIS_URL, the Redis that all nodes share: REDIS_URL=redis://127.0.0.1:6379 MODE=${env.MODE} npm run server` +
      ` (MODE=${env.MODE} npm run demo starts one of its own, with three nodes)`,
  )
  process.exit(1)
}

console.error(
  `Starting a node; one JSON line of log when it is ready. Ctrl-C stops it. One more: PORT=8081 npm run server`,
)
await import('../apps/server/src/main.ts')
