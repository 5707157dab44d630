import type { CookieSeen, Exchange, Question, Step } from './exchange.ts'
import type { Knows } from './teller.ts'

/** One thing that was found out. */
export interface Finding {
  /** `bad` makes the exit code 1; `unclear` makes it 2 where the question was asked by an option. */
  readonly verdict: 'good' | 'bad' | 'note' | 'unclear'
  readonly about: 'session' | 'servers' | Question
  readonly says: string
  readonly why: string
  /** Where it is explained: in this repository, or a standard. */
  readonly where: string
}

/** What all findings are made from. */
export interface Evidence {
  readonly history: readonly Exchange[]
  readonly cookie: CookieSeen | undefined
  of(...steps: readonly Step[]): readonly Exchange[]
  /** Whether the answer shows that the session is known, learnt from the known and the made-up id. */
  readonly tell: (exchange: Exchange) => Knows
}
