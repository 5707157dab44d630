import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { unpackedFaults } from './faults.ts'

test('names dead links, packages of the workspace, and a licence that is not there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'packed-test-'))
  try {
    mkdirSync(join(folder, 'docs'))
    writeFileSync(join(folder, 'package.json'), '{ "devDependencies": { "@session-cluster/cluster": "0.1.0" } }')
    writeFileSync(join(folder, 'README.md'), '[api](docs/api.md#top) [gone](test/gone.ts) [away](https://example.com)')
    writeFileSync(join(folder, 'docs/api.md'), '[back](../README.md)')
    expect(unpackedFaults(folder)).toEqual([
      'package.json asks for @session-cluster/cluster@0.1.0, which no registry has',
      'README.md links to test/gone.ts, which is not in the package',
      'there is no LICENSE',
    ])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
