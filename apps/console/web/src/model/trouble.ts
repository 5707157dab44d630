import type { Translate } from '../i18n/translate.ts'

/** Why something came to nothing. Kept without its sentence, so that it is told in the language that the page is read in now. */
export type Trouble =
  /** It could not even be tried: an i18n key without its `disabled.`. */
  | { readonly reason: string }
  /** It was tried: the server's words, or `lane: reason` where the page has a sentence for the reason. */
  | { readonly failure: string }

/** A trouble as a sentence. */
export function told(trouble: Trouble, t: Translate): string {
  if ('reason' in trouble) return t.any(`disabled.${trouble.reason}`)
  return t('do.failed', { reason: reasonIn(trouble.failure, t) })
}

/** A failure's words; where they only name a reason that the page has a sentence for, that sentence. */
export function reasonIn(failure: string, t: Translate): string {
  const reason = /^(?:\w+: )?([\w-]+)(?:;|$)/.exec(failure)?.[1]
  return reason !== undefined && t.has(`disabled.${reason}`) ? t.any(`disabled.${reason}`) : failure
}
