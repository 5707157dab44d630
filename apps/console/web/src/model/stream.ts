import type { Frame } from '../../../wire/frame.ts'

/** Where a page's frames come from: the console's server, or a run that was recorded. */
export interface Source {
  /** Hears every frame as it comes; answers how to stop. */
  onFrame(listener: (frame: Frame) => void): () => void
  /** Hears that nothing is heard any more; the next frame ends that. */
  onSilence(listener: () => void): () => void
  /** Asks for everything anew, at once. */
  again(): void
}

/** The server says something four times a second; after so long without a word the page says that it is not heard, ms. */
const silenceMs = 2400
/** After so long the connection is given up and made anew, ms: one that hangs never ends by itself. */
const giveUpMs = 8000
const lookMs = 400
/** After an answer that was no stream the page asks again, ms. */
const retryMs = 2000

/** What the console's server says. After a break it is asked again, however long that takes. */
export function openStream(path = '/api/stream'): Source {
  const frames = new Set<(frame: Frame) => void>()
  const silences = new Set<() => void>()
  let source: EventSource | undefined
  let lastWord = performance.now()
  let retry: ReturnType<typeof setTimeout> | undefined
  const unheard = () => {
    for (const listener of silences) listener()
  }
  const connect = () => {
    clearTimeout(retry)
    source?.close()
    lastWord = performance.now()
    source = new EventSource(path)
    source.onmessage = ({ data }: MessageEvent) => {
      lastWord = performance.now()
      const frame = JSON.parse(data as string) as Frame
      for (const listener of frames) listener(frame)
    }
    source.onerror = () => {
      // The browser tries again by itself after a break, but never after an answer that was no stream.
      if (source?.readyState === EventSource.CLOSED) retry = setTimeout(connect, retryMs)
      unheard()
    }
  }
  setInterval(() => {
    const silence = performance.now() - lastWord
    if (silence > silenceMs) unheard()
    if (silence > giveUpMs && source?.readyState === EventSource.OPEN) connect()
  }, lookMs)
  connect()
  return {
    onFrame: (listener) => joined(frames, listener),
    onSilence: (listener) => joined(silences, listener),
    again: connect,
  }
}

/** Puts a listener among the others; answers how to take it out. */
export function joined<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}
