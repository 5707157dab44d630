import type { WorkerLink } from './link.ts'

/** Asks in a row that stay unanswered before a worker counts as hung; asks, not time: a machine may have slept. */
const ASKS = 5

/**
 * Finds workers that hang, in a loop without end or stopped: the primary goes on handing them connections. Each is asked
 * again and again what it has counted; one that says nothing for `silenceMs` is killed, which resets its clients' connections,
 * and is replaced as any that ends. Those that are closing have a bound of their own.
 */
export class SilenceWatch {
  readonly #links: () => readonly WorkerLink[]
  readonly #timer: NodeJS.Timeout

  constructor(links: () => readonly WorkerLink[], silenceMs: number) {
    this.#links = links
    this.#timer = setInterval(() => this.#askAll(), silenceMs / ASKS).unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #askAll(): void {
    for (const link of this.#links()) if (!link.isRetiring) ask(link)
  }
}

function ask(link: WorkerLink): void {
  if (link.unanswered >= ASKS) {
    link.isHung = true
    link.worker.process.kill('SIGKILL')
    return
  }
  link.unanswered++
  void link.measure()
}
