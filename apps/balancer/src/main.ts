// SIGUSR2 ends a process that does not handle it: it is handled before anything else is loaded, and means nothing until `ready`.
process.on('SIGUSR2', () => {})
const { start } = await import('./start.ts')
await start()
