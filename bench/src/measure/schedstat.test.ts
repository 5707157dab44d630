import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import {
  parseParentPid,
  parsePssBytes,
  parseSchedstat,
  processCpuNs,
  processTree,
  treeCpuNs,
  treeMemoryBytes,
} from './schedstat.ts'

test('the first field of schedstat is the time on a CPU', () => {
  expect(parseSchedstat('366076056 1153263 10\n')).toBe(366076056n)
  expect(parseSchedstat('18446744073709551615 0 0')).toBe(18446744073709551615n)
})

test('anything but a schedstat line is refused', () => {
  for (const text of ['', '12 34', '-1 0 0', '1 2 3 4', 'a b c'])
    expect(() => parseSchedstat(text)).toThrow('Not a schedstat line')
})

test('a parent is found behind a name with spaces and brackets', () => {
  expect(parseParentPid('812 (a) b) (c) S 77 812 812 0 -1')).toBe(77)
  expect(() => parseParentPid('812 (node) S')).toThrow('Not a stat line')
})

test('Pss is read in bytes', () => {
  expect(
    parsePssBytes('00400000-7ffe ---p 0 00:00 0 [rollup]\nRss:  2048 kB\nPss:     1024 kB\nPss_Dirty: 3 kB\n'),
  ).toBe(1024 * 1024)
  expect(() => parsePssBytes('Rss: 1 kB')).toThrow('No Pss line')
})

test('what a process spends is what it says it spent', async () => {
  const burn = 'let u; do u = process.cpuUsage(); while (u.user + u.system < 200_000); console.log(u.user + u.system)'
  const child = spawn(process.execPath, ['-e', `${burn}; process.stdin.resume()`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const spent = Number(processCpuNs(child.pid as number)) / 1000 / Number(line.toString())
  expect(spent).toBeGreaterThan(0.8)
  expect(spent).toBeLessThan(1.25)
  child.stdin.end()
  await once(child, 'exit')
})

test('a tree holds the children of a process, and their memory and time add up', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'inherit'] })
  await once(child, 'spawn')
  const pid = child.pid as number
  const tree = processTree(process.pid)
  expect(tree[0]).toBe(process.pid)
  expect(tree).toContain(pid)
  expect(treeCpuNs([process.pid, pid])).toBeGreaterThan(processCpuNs(process.pid) / 2n)
  expect(treeMemoryBytes([process.pid, pid])).toBeGreaterThan(treeMemoryBytes([pid]))
  child.stdin.end()
  await once(child, 'exit')
})
