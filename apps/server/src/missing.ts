import type { Mode } from '@session-cluster/contract'
import type { SessionReport } from '@session-cluster/session'
import type { Config } from './config.ts'

/** Why a node found nothing to answer with. */
export type MissingReason = 'no-cookie' | 'malformed-cookie' | 'unknown-session' | 'expired-session' | 'no-attribute'

/** A 404 that explains itself: who answered, which cookie came, and why nothing was found. Shows no id. */
export interface Missing {
  reason: MissingReason
  node: string
  mode: Mode
  cookie: { name: string; state: SessionReport['cookie']; masked?: string }
  /** The attribute that was asked for. */
  attribute: string
}

/** Reads from what the request did why `attribute` was not found. */
export function explainMissing(config: Config, report: SessionReport, attribute: string): Missing {
  return {
    reason: reasonOf(report),
    node: config.nodeName,
    mode: config.mode,
    cookie: {
      name: config.session.cookie.name,
      state: report.cookie,
      ...(report.maskedCookie === undefined ? {} : { masked: report.maskedCookie }),
    },
    attribute,
  }
}

function reasonOf(report: SessionReport): MissingReason {
  if (report.cookie === 'absent') return 'no-cookie'
  if (report.cookie === 'malformed') return 'malformed-cookie'
  if (report.outcome === 'unknown' || report.outcome === 'rotated') return 'unknown-session'
  if (report.outcome === 'expired') return 'expired-session'
  return 'no-attribute'
}
