/** The command line is wrong: the message says which part and what is allowed. */
export class UsageError extends Error {
  readonly code = 'LAB_USAGE'
}
