/** Turns values into bytes and back. What `encode` accepts, `decode` brings back equal, or `encode` is wrong. */
export interface Codec {
  /** For messages and metrics. */
  readonly name: string
  /** Throws `UnencodableError` for a value that would not come back as it is. */
  encode(value: unknown): Uint8Array
  /** A fresh value each time. Throws when the bytes are not (any longer) readable. */
  decode(bytes: Uint8Array): unknown
}

/** The value would not come back. `path` says where in it, such as `.items[3]`. */
export class UnencodableError extends Error {
  override readonly name = 'UnencodableError'
  readonly path: string
  readonly reason: string

  constructor(path: string, reason: string, cause?: unknown) {
    super(`value${path} ${reason}`, cause === undefined ? undefined : { cause })
    this.path = path
    this.reason = reason
  }
}

/** Views any bytes as a Buffer without copying them. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** One step further down a path: `.name`, `["odd name"]`. */
export const step = (path: string, key: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`
