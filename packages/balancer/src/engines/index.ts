import { httpProxyEngine } from './http-proxy.ts'

/** Every engine by its name in `ENGINE`. */
export const engines = { 'http-proxy': httpProxyEngine }

/** A name that `ENGINE` accepts. */
export type EngineName = keyof typeof engines

/** Whether an engine of that name exists. */
export const isEngineName = (name: string): name is EngineName => Object.hasOwn(engines, name)
