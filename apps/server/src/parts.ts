import type { FastifyBaseLogger } from 'fastify'
import type { Activity } from './activity.ts'
import type { Config } from './config.ts'
import type { Faults } from './faults.ts'
import type { RedisClient } from './redis-client.ts'
import type { NodeSessions } from './sessions.ts'

/** Whether the node is on its way out. */
export interface Lifecycle {
  draining: boolean
}

/** What one node is made of; its two servers, for users and for operators, share it. */
export interface Parts {
  config: Config
  sessions: NodeSessions
  /** The connection to Redis when sessions live there. */
  redis?: RedisClient
  activity: Activity
  faults: Faults
  lifecycle: Lifecycle
  log: FastifyBaseLogger
}
