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
export const useStore = <T>(source: Store<T>): T => useOf(source, whole)

const whole = <T>(value: T): T => value

/** What is read from the store's value, now and again whenever that changes. `read` is one for all drawings. */
export function useOf<T, P>(source: Store<T>, read: (value: T) => P): P {
  const [part, setPart] = useState(() => read(source.get()))
  useEffect(() => {
    const look = () => setPart(() => read(source.get()))
    // What changed between the first drawing and now must not be missed.
    look()
    return source.subscribe(look)
  }, [source, read])
  return part
}
