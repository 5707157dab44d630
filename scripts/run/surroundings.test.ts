import { tmpdir } from 'node:os'
import { afterEach, expect, test } from 'vitest'
import { setUpFault, temporaryFault, unwritable } from './surroundings.mjs'

const before = process.env.TMPDIR
afterEach(() => {
  if (before === undefined) delete process.env.TMPDIR
  else process.env.TMPDIR = before
})

test('a folder that can be written to is left as it was', () => {
  expect(unwritable(tmpdir())).toBeUndefined()
  expect(temporaryFault()).toBeUndefined()
})

test.each([
  [
    '/nowhere',
    /^TMPDIR: nothing can be written to \/nowhere \(ENOENT: no such file or directory\); set it to a folder /,
  ],
  ['/proc', /^TMPDIR: nothing can be written to \/proc \((ENOENT|EACCES|EPERM)[^\n]*$/],
  [process.execPath, /\(ENOTDIR: not a directory\)/],
])('TMPDIR=%s is one line', (folder, line) => {
  process.env.TMPDIR = folder
  expect(temporaryFault()).toMatch(line)
  expect(temporaryFault()).not.toContain('\n')
})

test.each([
  ['Failed to write to file: No space left\n      on device (os error 28)', 'the disk is full'],
  ['node_modules/x: Read-only file system (os error 30)', 'it is read-only'],
  ["EACCES: permission denied, mkdir '/x'", 'this user may not write to it'],
])('a set-up that ends with %j is one line', (output, why) => {
  expect(setUpFault('/my folder', output)).toBe(
    `Setting up needs about 600 MB in /my folder, and ${why}: make room, or copy the project to a folder of your own`,
  )
})

test('whatever else ends a set-up is shown as it is', () => {
  expect(setUpFault('/x', 'ERR_PNPM_FETCH_404')).toBeUndefined()
})
