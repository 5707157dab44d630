/**
 * `npm run balancer`: the balancer in the foreground, configured by the environment.
 * `npm run balancer --silent -- --print haproxy > haproxy.cfg` writes the same for HAProxy, or nginx, instead.
 */
if (process.argv.length === 2)
  console.error('Starting the balancer; one JSON line of log when it is ready. Ctrl-C stops it.')
await import('../apps/balancer/src/main.ts')
