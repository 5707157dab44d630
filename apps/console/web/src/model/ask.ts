import { useCallback, useEffect, useState } from 'preact/hooks'
import { call } from './calls.ts'

/** What an inspector’s question brought: an answer, a failure, or nothing yet. */
export interface Asked<T> {
  readonly answer: T | undefined
  readonly failure: string | undefined
  again(): void
}

/**
 * Asks the server, and asks again when the question changes, or anything that its answer depends on (always as many things). An old
 * answer stays while the next one is on its way, so that nothing flickers; one to another question never shows.
 */
export function useAsk<T>(path: string, body: object, depends: readonly unknown[]): Asked<T> {
  const key = `${path} ${JSON.stringify(body)}`
  const [state, setState] = useState<{ key: string; answer?: T; failure?: string }>({ key })
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    let current = true
    call<T>(path, body).then(
      (answer) => current && setState({ key, answer }),
      (error: Error) => current && setState({ key, failure: error.message }),
    )
    return () => {
      current = false
    }
  }, [key, turn, ...depends])
  const again = useCallback(() => setTurn((n) => n + 1), [])
  const mine = state.key === key ? state : undefined
  return { answer: mine?.answer, failure: mine?.failure, again }
}
