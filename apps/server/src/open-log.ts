import { type Logger, type LoggerOptions, pino } from 'pino'
import { PinoPretty } from 'pino-pretty'

/** The process's log: lines for people on a terminal, JSON for programs elsewhere. */
export function openLog(options: LoggerOptions): Logger {
  if (!process.stdout.isTTY) return pino(options)
  return pino(
    options,
    PinoPretty({ sync: true, ignore: 'pid,hostname,name', translateTime: 'SYS:HH:MM:ss.l', singleLine: true }),
  )
}
