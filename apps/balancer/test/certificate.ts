import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'

/** A self-signed certificate and its key as files, which may be made anew. */
export class CertificateFiles implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'balancer-tls-'))
  readonly key = join(this.#directory, 'key.pem')
  readonly cert = join(this.#directory, 'cert.pem')

  constructor(name: string) {
    this.make(name)
  }

  /** Writes both files for this name. */
  make(name: string): void {
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
    const files = ['-keyout', this.key, '-out', this.cert]
    execFileSync('openssl', ['req', ...kind, '-subj', `/CN=${name}`, ...files], { stdio: 'ignore' })
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true })
  }
}

/** The name in the certificate that a new connection to this address is shown. */
export function servedName(url: string): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', rejectUnauthorized: false }, () => {
    resolve(socket.getPeerCertificate().subject.CN)
    socket.destroy()
  })
  socket.on('error', reject)
  return promise
}
