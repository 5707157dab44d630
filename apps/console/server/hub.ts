import { randomUUID } from 'node:crypto'
import type { Frame } from '../wire/frame.ts'

/** A page's connection, as much of it as the hub needs. */
export interface PageStream {
  write(chunk: string): boolean
  once(event: 'drain', listener: () => void): unknown
}

export interface HubOptions {
  /** Hears that a page is gone. */
  readonly onLeave?: (page: string) => void
  /** Everything that a page needs to begin; also sent to a page that fell behind. */
  readonly snapshot: () => Frame
  /** The most records in one frame; the rest are counted as skipped. @default 100 */
  readonly maxRecords?: number
}

interface Page {
  readonly id: string
  readonly stream: PageStream
  blocked: boolean
  /** A frame was dropped for it: it needs everything anew. */
  behind: boolean
  /** Records that this page missed while it was blocked. */
  missed: number
}

/**
 * Hands frames to every open page. A page that cannot keep up holds at most one unsent frame: while it is blocked its frames
 * are dropped and counted, and once it drains it gets a fresh snapshot. Nothing here ever waits for a page.
 */
export interface Hub {
  readonly pages: number
  /** Starts a page off with a snapshot, which names it; answers how to let it go. */
  join(stream: PageStream): () => void
  /** Whether a page of that name is open. */
  has(id: string): boolean
  /** Sends everybody everything anew. */
  startOver(): void
  send(frame: Frame): void
}

/** A hub without pages. */
export function hub(options: HubOptions): Hub {
  const pages = new Set<Page>()
  const maxRecords = options.maxRecords ?? 100

  const put = (page: Page, text: string) => {
    if (page.stream.write(text)) return
    page.blocked = true
    page.stream.once('drain', () => {
      page.blocked = false
      if (!page.behind || !pages.has(page)) return
      const skipped = page.missed
      Object.assign(page, { behind: false, missed: 0 })
      put(page, encode({ ...options.snapshot(), page: page.id, skipped }))
    })
  }

  return {
    get pages() {
      return pages.size
    },
    join(stream) {
      const page: Page = { id: randomUUID(), stream, blocked: false, behind: false, missed: 0 }
      pages.add(page)
      put(page, encode({ ...options.snapshot(), page: page.id }))
      return () => {
        if (pages.delete(page)) options.onLeave?.(page.id)
      }
    },
    has: (id) => [...pages].some((page) => page.id === id),
    startOver() {
      const snapshot = options.snapshot()
      for (const page of pages) {
        if (page.blocked) page.behind = true
        else put(page, encode({ ...snapshot, page: page.id }))
      }
    },
    send(frame) {
      if (pages.size === 0) return
      const text = encode(thin(frame, maxRecords))
      for (const page of pages) {
        if (page.blocked) Object.assign(page, { behind: true, missed: page.missed + frame.records.length })
        else put(page, text)
      }
    },
  }
}

/** Keeps every n-th record so that at most `most` are left, says how many are gone, and never drops a loss or an error first. */
export function thin(frame: Frame, most: number): Frame {
  if (frame.records.length <= most) return frame
  const weight = (outcome: string) => (outcome === 'lost' || outcome === 'unreadable' || outcome === 'error' ? 0 : 1)
  const kept = frame.records
    .map((record, index) => ({ record, index, spread: (index * 7919) % frame.records.length }))
    .sort((a, b) => weight(a.record.outcome) - weight(b.record.outcome) || a.spread - b.spread)
    .slice(0, most)
    .sort((a, b) => a.index - b.index)
    .map(({ record }) => record)
  return { ...frame, records: kept, skipped: frame.skipped + frame.records.length - kept.length }
}

const encode = (frame: Frame) => `data: ${JSON.stringify(frame)}\n\n`
