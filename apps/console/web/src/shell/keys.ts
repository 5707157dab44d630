import { useEffect, useRef } from 'preact/hooks'
import type { Key } from '../i18n/en.ts'

/** A key of the keyboard and what it does. */
export interface KeyDeed {
  /** As `KeyboardEvent.key` has it; several for ranges. */
  readonly keys: readonly string[]
  /** As the list of keys shows it. */
  readonly shown: string
  readonly says: Key
  act(key: string): void
}

/** Listens for single keys, whose deeds are asked for when one is pressed, but not while the visitor types or a dialog is open, and never with a modifier held. */
export function useKeys(deeds: () => readonly KeyDeed[], quiet: boolean): void {
  const latest = useRef({ deeds, quiet })
  latest.current = { deeds, quiet }
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (latest.current.quiet) return
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event)) return
      if (
        (event.key === ' ' || event.key === 'Enter') &&
        event.target instanceof Element &&
        event.target.closest('button, a, summary, [role=button], [role=tab]')
      )
        return
      const deed = latest.current.deeds().find(({ keys }) => keys.includes(event.key))
      if (!deed || (event.key.length === 1 && !lettersOn())) return
      event.preventDefault()
      deed.act(event.key)
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
}

const letters = 'letter keys'

/** Whether keys that write something do something here: whoever speaks to the machine can switch them off (WCAG 2.1.4). */
export const lettersOn = (): boolean => localStorage.getItem(letters) !== 'off'

/** Switches them on or off, in this browser, until it is done again. */
export function switchLetters(on: boolean): void {
  if (on) localStorage.removeItem(letters)
  else localStorage.setItem(letters, 'off')
}

/** Whether the key is the field's own. Escape means nothing to the choices of a guess, so it leaves the tour from there too. */
function isTyping({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement) || (key === 'Escape' && target.matches('[type=radio]'))) return false
  return target.matches('input, select, textarea, [contenteditable]')
}
