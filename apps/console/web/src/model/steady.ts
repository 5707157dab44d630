import { computed, type ReadonlySignal } from '@preact/signals'

/** As `computed`, but a value that is equal to the last one, as JSON, stays that same one: whoever reads it is not woken. */
export function steady<T>(make: () => T): ReadonlySignal<T> {
  let last: { readonly text: string | undefined; readonly value: T } | undefined
  return computed(() => {
    const value = make()
    const text = JSON.stringify(value)
    if (!last || last.text !== text) last = { text, value }
    return last.value
  })
}
