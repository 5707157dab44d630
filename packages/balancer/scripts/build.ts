import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

// One .js and one .d.ts for each source file, into dist. Built beside and copied in: a failed build leaves the old one.
const root = fileURLToPath(new URL('..', import.meta.url))
const beside = mkdtempSync(join(tmpdir(), 'balancer-build-'))
try {
  const tsc = join(root, '../../node_modules/typescript/bin/tsc')
  const args = [tsc, '-p', 'tsconfig.build.json', '--outDir', beside]
  execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
  for (const name of readdirSync(beside, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.d.ts')) namesJavaScript(join(beside, name))
  }
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  cpSync(beside, join(root, 'dist'), { recursive: true })
} finally {
  rmSync(beside, { recursive: true, force: true })
}

/** Has a declaration file import .js: the compiler rewrites these names in .js files only. */
function namesJavaScript(file: string): void {
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replaceAll(/(from |import\()(['"])(\.[^'"]*)\.ts\2/g, '$1$2$3.js$2'))
}
