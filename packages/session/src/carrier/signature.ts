import { createHmac, timingSafeEqual } from 'node:crypto'

/** Signs text with the first of its secrets and accepts the signatures of all of them. */
export class Signer {
  readonly #secrets: readonly string[]

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets
  }

  sign(text: string): string {
    return mac(text, this.#secrets[0] ?? '').toString('base64url')
  }

  /** `current` by the first secret, `old` by another, `undefined` by none. Takes the same time for any wrong signature. */
  verify(text: string, signature: string): 'current' | 'old' | undefined {
    const given = Buffer.from(signature, 'base64url')
    // Base64url decodes leniently: only the canonical form may pass, or one signature would have many spellings.
    if (given.length !== 32 || given.toString('base64url') !== signature) return undefined
    const match = this.#secrets.findIndex((secret) => timingSafeEqual(mac(text, secret), given))
    return match === -1 ? undefined : match === 0 ? 'current' : 'old'
  }
}

const mac = (text: string, secret: string): Buffer => createHmac('sha256', secret).update(text).digest()
