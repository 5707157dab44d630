/** What a refused or failed request is answered with; `statusCode` is the HTTP status. */
export class BalancerError extends Error {
  readonly code: string
  readonly statusCode: number

  constructor(code: string, statusCode: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
    this.statusCode = statusCode
  }
}

/** The admin API was asked about an upstream that the pool does not hold. */
export class UnknownUpstreamError extends BalancerError {
  constructor(name: string) {
    super('BALANCER_UNKNOWN_UPSTREAM', 404, `no upstream is named ${JSON.stringify(name)}`)
  }
}

/** An upstream of that name is already in the pool. */
export class DuplicateUpstreamError extends BalancerError {
  constructor(name: string) {
    super('BALANCER_DUPLICATE_UPSTREAM', 409, `an upstream named ${JSON.stringify(name)} exists already`)
  }
}

/** An upstream was removed while it was being added. */
export class RemovedUpstreamError extends BalancerError {
  constructor(name: string) {
    super('BALANCER_UPSTREAM_REMOVED', 409, `${JSON.stringify(name)} was removed before it was checked`)
  }
}
