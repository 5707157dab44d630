import { isForeignId, isId } from './id.ts'
import { Signer } from './signature.ts'

/** How ids are spelled when they travel. */
export interface TokenOptions {
  readonly route: string | undefined
  readonly secrets: readonly string[]
  readonly encoding: 'plain' | 'base64'
  /** Whether ids that another system made are accepted (a layout shared with Spring). */
  readonly foreign: boolean
}

/** An id as it arrived. `stale` when it should be sent again: another route, or an older secret. */
export interface Token {
  readonly id: string
  readonly stale: boolean
}

/** Spells ids as `<id>[.<route>][~<signature>]`, in Base64 for Spring, and reads them back. */
export class TokenFormat {
  readonly #options: TokenOptions
  readonly #signer: Signer | undefined
  readonly #plain: boolean

  constructor(options: TokenOptions) {
    this.#options = options
    this.#signer = options.secrets.length > 0 ? new Signer(options.secrets) : undefined
    this.#plain = !this.#signer && options.encoding === 'plain' && options.route === undefined && !options.foreign
  }

  write(id: string): string {
    const { route, encoding } = this.#options
    const routed = route === undefined ? id : `${id}.${route}`
    const signed = this.#signer ? `${routed}~${this.#signer.sign(routed)}` : routed
    return encoding === 'base64' ? Buffer.from(signed).toString('base64') : signed
  }

  /** `undefined` for whatever this format does not write: it never reaches the store. */
  read(text: string): Token | undefined {
    if (this.#plain && isId(text)) return { id: text, stale: false }
    if (text.length > 1024) return undefined
    const spelled = this.#options.encoding === 'base64' ? fromBase64(text) : text
    return spelled === undefined ? undefined : this.#readSigned(spelled)
  }

  #readSigned(text: string): Token | undefined {
    if (!this.#signer) return this.#readRouted(text, false)
    const at = text.lastIndexOf('~')
    if (at === -1) return undefined
    const body = text.slice(0, at)
    const verdict = this.#signer.verify(body, text.slice(at + 1))
    return verdict && this.#readRouted(body, verdict === 'old')
  }

  #readRouted(text: string, stale: boolean): Token | undefined {
    const { route, foreign } = this.#options
    const dot = text.indexOf('.')
    const id = dot === -1 ? text : text.slice(0, dot)
    if (!(foreign ? isForeignId(id) : isId(id))) return undefined
    if (dot === -1) return { id, stale: stale || route !== undefined }
    const suffix = text.slice(dot + 1)
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(suffix)) return undefined
    return { id, stale: stale || suffix !== route }
  }
}

function fromBase64(text: string): string | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes.toString('latin1') : undefined
}
