/**
 * The bytes, or those between two positions, as text, one character each: Node's own way, quicker than
 * `toString('latin1')`, which looks the name up.
 */
export const latin1 = (bytes: Uint8Array, from?: number, to?: number): string =>
  (bytes as unknown as { latin1Slice(from?: number, to?: number): string }).latin1Slice(from, to)
