import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { workflowFaults } from './workflows.ts'

test('names a job without steps', async () => {
  const root = mkdtempSync(join(tmpdir(), 'workflows-'))
  try {
    mkdirSync(join(root, '.github/workflows'), { recursive: true })
    writeFileSync(join(root, '.github/workflows/ci.yml'), 'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n')
    expect(await workflowFaults(root)).toEqual([expect.stringMatching(/^\.github\/workflows\/ci\.yml:3: .*steps/)])
  } finally {
    rmSync(root, { recursive: true })
  }
})
