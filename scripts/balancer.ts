/** `npm run balancer`: the balancer in the foreground, configured by the environment. */
const { env } = process
console.error(
  `Starting the balancer in mode ${env.MODE || 'local'} on port ${env.BALANCER_PORT || 8000}. Ctrl-C stops it.`,
)
await import('../apps/balancer/src/main.ts')
