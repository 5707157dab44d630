import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Builds one .js and one .d.ts per source file into a directory (`dist` unless another is named).
 * It is built beside and copied in, so that a failed build never leaves half of one.
 */
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const out = process.argv[2] ?? join(root, 'dist')
const scratch = mkdtempSync(join(tmpdir(), 'session-build-'))
try {
  const tsc = join(root, '../../node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', scratch], {
    cwd: root,
    stdio: 'inherit',
  })
  for (const file of readdirSync(scratch, { recursive: true, encoding: 'utf8' })) {
    if (file.endsWith('.d.ts')) rewriteImports(join(scratch, file))
  }
  rmSync(out, { recursive: true, force: true })
  cpSync(scratch, out, { recursive: true })
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

/** The compiler rewrites the imports of .js files only; in .d.ts files they still name .ts. */
function rewriteImports(file: string): void {
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replaceAll(/(from |import\()(['"])(\.[^'"]*)\.ts\2/g, '$1$2$3.js$2'))
}
