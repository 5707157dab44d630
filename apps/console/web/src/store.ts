import { useEffect, useState } from 'preact/hooks'

/** A value that changes, and those who want to know. */
export interface Store<T> {
  get(): T
  set(value: T): void
  update(change: (value: T) => T): void
  subscribe(listener: () => void): () => void
}

/** A store with a first value. */
export function store<T>(first: T): Store<T> {
  let value = first
  const listeners = new Set<() => void>()
  const set = (next: T) => {
    if (Object.is(next, value)) return
    value = next
    for (const listener of listeners) listener()
  }
  return {
    get: () => value,
    set,
    update: (change) => set(change(value)),
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/** The store's value now, and again whenever it changes. */
export function useStore<T>(source: Store<T>): T {
  const [value, setValue] = useState(source.get())
  useEffect(() => {
    // What changed between the first drawing and now must not be missed.
    setValue(() => source.get())
    return source.subscribe(() => setValue(() => source.get()))
  }, [source])
  return value
}
