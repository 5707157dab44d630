/** `npm run balancer`: the balancer in the foreground, configured by the environment. */
console.error('Starting the balancer; one JSON line of log when it is ready. Ctrl-C stops it.')
await import('../apps/balancer/src/main.ts')
