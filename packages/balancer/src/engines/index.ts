import { directEngine } from './direct.ts'
import type { Engine, EngineTimeouts } from './engine.ts'
import { httpProxyEngine } from './http-proxy.ts'
import { undiciEngine } from './undici.ts'

/** A name that `ENGINE` accepts. */
export type EngineName = 'direct' | 'undici' | 'http-proxy'

/** Every engine by its name in `ENGINE`. */
export const engines: Record<EngineName, (timeouts: EngineTimeouts) => Engine> = {
  direct: directEngine,
  undici: undiciEngine,
  'http-proxy': httpProxyEngine,
}

/** Whether an engine of that name exists. */
export const isEngineName = (name: string): name is EngineName => Object.hasOwn(engines, name)
