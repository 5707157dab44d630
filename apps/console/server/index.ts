/** What `npm run demo` uses of the console. */
export { type Config, readConfig } from './config.ts'
export { type Console, type ConsoleOptions, portStep, startConsole } from './console.ts'
export { ensurePages } from './ensure-pages.ts'
