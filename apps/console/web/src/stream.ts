import type { Frame } from '../../wire/frame.ts'
import { pictures } from './beat.ts'
import { apply, emptyState, type PageState } from './state.ts'
import { type Store, store } from './store.ts'
import { type Turns, turns } from './turns.ts'

/** What the page hears from the console's server. */
export interface Stream {
  readonly state: Store<PageState>
  /** Draws the page's parts, some in each picture, whenever the state has changed. */
  readonly turns: Turns
  /** Hears every frame as it comes, before the page is drawn. */
  onFrame(listener: (frame: Frame) => void): () => void
  close(): void
}

/** The page is drawn anew at most this often, ms. */
const drawMs = 100
/** While more comes than anyone can read, it is drawn as often as the figures change, and no oftener. */
const fastDrawMs = 250
/** From this many requests a second on. */
const fastRate = 60

/** The server says something four times a second; after so long without a word the page says that it is not heard, ms. */
const silenceMs = 2400
/** After so long the connection is given up and made anew, ms: one that hangs never ends by itself. */
const giveUpMs = 8000
const lookMs = 400

/** After an answer that was no stream the page asks again, ms. */
const retryMs = 2000

/** Opens the stream. After a break it is opened again, however long that takes. */
export function openStream(path = '/api/stream'): Stream {
  const state = store(emptyState)
  const parts = turns()
  const listeners = new Set<(frame: Frame) => void>()
  let newest = emptyState
  let timer: ReturnType<typeof setTimeout> | undefined
  let drawn = performance.now()
  let heard = 0
  const draw = () => {
    const now = performance.now()
    newest = { ...newest, fast: (heard / (now - drawn)) * 1000 > fastRate }
    timer = undefined
    drawn = now
    heard = 0
    state.set(newest)
    parts.round()
  }
  const soon = () => {
    const pitch = newest.fast ? fastDrawMs : drawMs
    timer ??= setTimeout(() => pictures.ask(draw), Math.max(0, pitch - (performance.now() - drawn)))
  }
  let source: EventSource
  let lastWord = performance.now()
  let again: ReturnType<typeof setTimeout> | undefined
  const connect = () => {
    lastWord = performance.now()
    source = new EventSource(path)
    source.onmessage = hear
    source.onerror = onBreak
  }
  const hear = ({ data }: MessageEvent) => {
    const frame = JSON.parse(data as string) as Frame
    lastWord = performance.now()
    newest = apply(newest, frame)
    // What a page is told at its start was not heard just now.
    if (!frame.full) heard += frame.records.length + frame.skipped
    for (const listener of listeners) listener(frame)
    soon()
  }
  const onBreak = () => {
    // The browser tries again by itself after a break, but never after an answer that was no stream.
    if (source.readyState === EventSource.CLOSED) again = setTimeout(connect, retryMs)
    unheard()
  }
  const unheard = () => {
    const connection = newest.lanes.length > 0 ? 'broken' : 'connecting'
    if (newest.connection === connection) return
    newest = { ...newest, connection }
    soon()
  }
  const watch = setInterval(() => {
    const silence = performance.now() - lastWord
    if (silence > silenceMs) unheard()
    if (silence < giveUpMs || source.readyState !== EventSource.OPEN) return
    source.close()
    connect()
  }, lookMs)
  connect()
  return {
    state,
    turns: parts,
    onFrame(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close() {
      clearTimeout(timer)
      clearTimeout(again)
      clearInterval(watch)
      pictures.forget(draw)
      parts.stop()
      source.close()
    },
  }
}
