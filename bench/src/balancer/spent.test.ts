import { expect, test } from 'vitest'
import { parsePerf } from './profile.ts'
import { parseStrace } from './spent.ts'

test('system calls of a request are read from the table of strace, errors or not, and rare ones left out', () => {
  const text = `% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ------------------
 60.00    0.060000           6      2000           write
 30.00    0.030000           6      2010        10 read
  0.10    0.000100           1         3           accept4
------ ----------- ----------- --------- --------- ------------------
100.00    0.100000           6      4013        10 total
`
  expect(parseStrace(text, 1000)).toEqual({ read: 2.01, write: 2 })
})

test('samples of a profile are gathered by whose code they fell into', () => {
  const text = `# comment
    40.00%|[kernel.kallsyms]|[k] tcp_ack
    10.00%|[JIT] tid 7|[.] JS:*proxy file:///w/packages/balancer/src/proxy/loop.ts:59:29
     5.00%|[JIT] tid 7|[.] JS:*emit node:events:489:44
     4.00%|node|[.] Builtins_StringAdd_CheckNone
    20.00%|[kernel.kallsyms]|[k] tcp_sendmsg
`
  expect(parsePerf(text)).toEqual({
    'the kernel: sockets, loopback, waking up': 60,
    'ours: proxy': 10,
    "Node's JavaScript: http, net, streams, timers": 5,
    "V8's built-ins: strings, maps, calls": 4,
  })
})
