// Loaded into a node before anything else: scripts that make a session are acknowledged and never sent. The node says
// `Saved`, hands out the cookie, and Redis has never heard of it.
import { Redis } from 'ioredis'

const send = Redis.prototype.callBuffer
Redis.prototype.callBuffer = function (this: Redis, command: string, ...args: never[]) {
  const makesSession = /^eval/i.test(command) && (args as unknown[]).includes('creationTime')
  return makesSession ? Promise.resolve(1) : send.call(this, command, ...args)
} as typeof send
