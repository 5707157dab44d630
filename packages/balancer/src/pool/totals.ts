import type { Termination } from '../front/termination.ts'

/** Counts over all requests of one balancer. */
export class Totals {
  requests = 0
  readonly byTermination = new Map<Termination, number>()
  readonly byStatusClass = [0, 0, 0, 0, 0, 0]

  count(status: number, termination: Termination): void {
    this.requests++
    this.byTermination.set(termination, (this.byTermination.get(termination) ?? 0) + 1)
    const index = Math.min(Math.floor(status / 100), 5)
    this.byStatusClass[index] = (this.byStatusClass[index] ?? 0) + 1
  }
}
