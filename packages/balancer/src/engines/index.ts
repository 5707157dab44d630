import { directEngine } from './direct.ts'
import type { Engine, EngineOptions } from './engine.ts'
import { httpProxyEngine } from './http-proxy.ts'

/** A name that `ENGINE` accepts. */
export type EngineName = 'direct' | 'http-proxy'

/** Every engine by its name in `ENGINE`. `http-proxy` throws a `TypeError` when that package is not installed. */
export const engines: Record<EngineName, (options: EngineOptions) => Engine> = {
  direct: directEngine,
  'http-proxy': httpProxyEngine,
}

/** Whether an engine of that name exists. */
export const isEngineName = (name: string): name is EngineName => Object.hasOwn(engines, name)
