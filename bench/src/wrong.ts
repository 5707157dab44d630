/** A contender answers wrongly: its speed means nothing. */
export class WrongContenderError extends Error {
  readonly code = 'BENCH_WRONG_CONTENDER'
}
