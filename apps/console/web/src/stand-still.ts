import { useEffect } from 'preact/hooks'
import { calls } from './calls.ts'
import { usePage } from './page.ts'

/**
 * Holds the traffic still as long as the tour is open in this page. The pause is this page's: it ends with the tour, and with the page
 * however that goes. Answers how to ask for it once more: whoever lets the traffic go on in another browser lets it go under this one.
 */
export function useStandStill(ready: boolean): () => Promise<unknown> {
  const { stream, state, attempt } = usePage()
  const pause = async () => {
    const { page } = stream.state.get()
    if (page !== undefined) await calls.pause(page, true)
  }
  useEffect(() => {
    const { page } = state
    if (!ready || page === undefined) return
    const paused = attempt(pause())
    return () => void paused.then(() => calls.pause(page, false).catch(() => undefined))
  }, [ready, state.page])
  return pause
}
