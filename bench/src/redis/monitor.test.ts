import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { findProgram, sources } from '../peers/program.ts'
import { parseMonitorLine, startMonitor } from './monitor.ts'
import { startRedis } from './server.ts'
import { startTurnCounter } from './turns.ts'

test('a line gives its time, client, name and arguments', () => {
  expect(parseMonitorLine('+1339518083.107412 [0 127.0.0.1:60866] "HGETALL" "ns:sessions:1"')).toEqual({
    at: 1339518083.107412,
    from: '127.0.0.1:60866',
    name: 'hgetall',
    args: ['ns:sessions:1'],
  })
})

test('quotes, backslashes and bytes come back as they were', () => {
  const line = String.raw`1.5 [0 127.0.0.1:1] "set" "a \"b\" \\ c" "\x00\xff\r\n" ""`
  expect(parseMonitorLine(line)?.args).toEqual(['a "b" \\ c', '\x00\xff\r\n', ''])
})

test('what a script does is told apart, and IPv6 and socket clients are understood', () => {
  expect(parseMonitorLine('1.5 [0 lua] "hset" "k" "f" "v"')?.from).toBe('lua')
  expect(parseMonitorLine('1.5 [0 [::1]:6000] "get" "k"')?.from).toBe('[::1]:6000')
  expect(parseMonitorLine('1.5 [0 unix:/tmp/r.sock] "get" "k"')?.from).toBe('unix:/tmp/r.sock')
})

test('other lines are no commands', () => {
  for (const line of ['+OK', '', '-ERR unknown', '1.5 [0 lua]']) expect(parseMonitorLine(line)).toBeUndefined()
})

test('commands of others are counted, scripts and our own marks are not; pipelined ones are one round trip', async () => {
  await using redis = await startRedis(await findProgram(sources.redis, () => {}))
  await using turns = await startTurnCounter(redis.port)
  await using monitor = await startMonitor(redis.port)
  const client = connect({ port: turns.port, host: '127.0.0.1' })
  const ask = async (text: string, end: string) => {
    let got = ''
    const done = Promise.withResolvers<void>()
    const read = (chunk: Buffer) => {
      got += chunk.toString()
      if (got.endsWith(end)) done.resolve()
    }
    client.on('data', read).write(text)
    await done.promise
    client.off('data', read)
  }
  const serial = await monitor.commands(async () => {
    await ask('SET k 1\r\n', '+OK\r\n')
    await ask('GET k\r\n', '1\r\n')
  })
  expect(serial.map(({ name }) => name)).toEqual(['set', 'get'])
  expect(turns.read()).toBe(2)
  const pipelined = await monitor.commands(() => ask('SET k 2\r\nGET k\r\n', '2\r\n'))
  expect(pipelined.map(({ name }) => name)).toEqual(['set', 'get'])
  expect(turns.read()).toBe(1)
  const script = await monitor.commands(() => ask("EVAL \"return redis.call('get','k')\" 0\r\n", '2\r\n'))
  expect(script.map(({ name }) => name)).toEqual(['eval'])
  expect(await monitor.commands(async () => {})).toEqual([])
  client.destroy()
  await once(client, 'close')
})
