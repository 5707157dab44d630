import { useEffect } from 'preact/hooks'
import { calls } from './calls.ts'
import { usePage } from './page.ts'

/** In the session's storage while the tour holds a clock that ran: it outlives a reload of the page. */
const stoppedByTour = 'tour stopped the clock'

/**
 * Stops the traffic's clock as long as the tour is open, and lets it go on afterwards if it went before. Answers how to stop it once more:
 * whoever leaves the tour in another browser lets it go under this one.
 */
export function useStandStill(ready: boolean): () => Promise<void> {
  const { stream, attempt } = usePage()
  const stop = async () => {
    if (stream.state.get().clock.running) sessionStorage.setItem(stoppedByTour, 'yes')
    await calls.clock({ running: false })
  }
  useEffect(() => {
    if (!ready) return
    const stopped = attempt(stop())
    return () => {
      const ran = sessionStorage.getItem(stoppedByTour) !== null
      sessionStorage.removeItem(stoppedByTour)
      if (ran) stopped.then(() => attempt(calls.clock({ running: true })))
    }
  }, [ready])
  return stop
}
