// Loaded into a node before anything else: its connection to Redis, once broken, is never made again.
import { Redis } from 'ioredis'

const connected = new WeakSet<Redis>()
const connect = Redis.prototype.connect
Redis.prototype.connect = function (...args) {
  if (connected.has(this)) return new Promise(() => {})
  connected.add(this)
  return connect.apply(this, args)
}
