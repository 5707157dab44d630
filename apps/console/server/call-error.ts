/** Something that the caller asked for and cannot have; the message is for people. */
export class CallError extends Error {
  readonly code = 'CONSOLE_CALL'
  readonly statusCode: number

  constructor(message: string, statusCode = 400) {
    super(message)
    this.statusCode = statusCode
  }
}
