import { expect, test } from 'vitest'
import { advice, systemOf } from './advice.ts'

test.each([
  ['ID=debian\n', 'debian'],
  ['NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n', 'debian'],
  ['ID=fedora\n', 'fedora'],
  ['ID="rocky"\nID_LIKE="rhel centos fedora"\n', 'fedora'],
  ['ID=alpine\n', 'other'],
  ['VERSION_ID=debian\n', 'other'],
  ['', 'other'],
])('os-release %j is %s', (text, system) => {
  expect(systemOf(text)).toBe(system)
})

test.each([
  ['debian', 'apt-get install redis-server'],
  ['fedora', 'dnf install valkey'],
  ['macos', 'brew install redis'],
  ['windows', 'wsl --install'],
  ['other', 'on PATH'],
] as const)('on %s it says what to type, and how to do without', (system, command) => {
  const text = advice(system, false, ['apt-get update: no network'])
  expect(text).toContain(command)
  expect(text).toContain('Docker')
  expect(text).toContain('REDIS_URL')
  expect(text).toContain('Tried: apt-get update: no network')
})
