import { type Logger, type LoggerOptions, pino } from 'pino'

// Loaded for a terminal only: everywhere else it would make every start slower.
const pretty = process.stdout.isTTY ? (await import('pino-pretty')).PinoPretty : undefined

/** The process's log: lines for people on a terminal, JSON for programs elsewhere. */
export function openLog(options: LoggerOptions): Logger {
  if (!pretty) return pino(options)
  const stream = pretty({ sync: true, ignore: 'pid,hostname,name', translateTime: 'SYS:HH:MM:ss.l', singleLine: true })
  return pino(options, stream)
}
