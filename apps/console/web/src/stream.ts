import type { Frame } from '../../wire/frame.ts'
import { apply, emptyState, type PageState } from './state.ts'
import { type Store, store } from './store.ts'

/** What the page hears from the console's server. */
export interface Stream {
  readonly state: Store<PageState>
  /** Hears every frame as it comes, before the page is drawn. */
  onFrame(listener: (frame: Frame) => void): () => void
  close(): void
}

/** Frames come up to twenty times a second; the page is drawn anew at most this often, ms. */
const drawMs = 100

/** Opens the stream. The browser itself connects again after a break. */
export function openStream(path = '/api/stream'): Stream {
  const state = store(emptyState)
  const listeners = new Set<(frame: Frame) => void>()
  let newest = emptyState
  let timer: ReturnType<typeof setTimeout> | undefined
  let drawn = 0
  const draw = () => {
    timer = undefined
    drawn = performance.now()
    state.set(newest)
  }
  const soon = () => {
    timer ??= setTimeout(draw, Math.max(0, drawMs - (performance.now() - drawn)))
  }
  const source = new EventSource(path)
  source.onmessage = ({ data }) => {
    const frame = JSON.parse(data as string) as Frame
    newest = apply(newest, frame)
    for (const listener of listeners) listener(frame)
    soon()
  }
  source.onerror = () => {
    newest = { ...newest, connection: newest.lanes.length > 0 ? 'broken' : 'connecting' }
    soon()
  }
  return {
    state,
    onFrame(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close() {
      clearTimeout(timer)
      source.close()
    },
  }
}
