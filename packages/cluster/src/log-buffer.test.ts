import { expect, test } from 'vitest'
import { LogBuffer } from './log-buffer.ts'

test('it puts lines together from pieces and tells each once', () => {
  const heard: string[] = []
  const log = new LogBuffer(10, ({ text }) => heard.push(text))
  log.write('stdout', 'one\ntw')
  log.write('stderr', 'other\n')
  log.write('stdout', 'o\r\nthr')
  expect(heard).toEqual(['one', 'other', 'two'])
  expect(log.lines.at(-1)).toEqual({ stream: 'stdout', text: 'thr' })
})

test('it keeps the last lines only', () => {
  const log = new LogBuffer(2)
  log.write('stdout', 'a\nb\nc\n')
  expect(log.lines.map(({ text }) => text)).toEqual(['b', 'c'])
})

test('it never holds an endless line', () => {
  const log = new LogBuffer(2)
  for (let piece = 0; piece < 100; piece++) log.write('stdout', 'x'.repeat(10_000))
  expect(log.lines.reduce((size, { text }) => size + text.length, 0)).toBeLessThan(300_000)
})

test('its last words are the last line on stderr, where errors are plain', () => {
  const log = new LogBuffer(10)
  log.write('stderr', 'PORT=99 is taken\n\n')
  log.write('stdout', '{"level":30,"msg":"bye"}\n')
  expect(log.lastWords).toBe('PORT=99 is taken')
})

test('a JSON line speaks by its message when stderr is silent', () => {
  const log = new LogBuffer(10)
  expect(log.lastWords).toBeUndefined()
  log.write('stdout', '{"level":50,"msg":"Redis is gone"}\n')
  expect(log.lastWords).toBe('Redis is gone')
})

test('of a stack trace its last words are the line that names the error', () => {
  const log = new LogBuffer(10)
  log.write(
    'stderr',
    'file:///x.ts:3\n^^^\nSyntaxError [ERR]: no such export\n    at main (x.ts:3)\n\nNode.js v26.10.0\n',
  )
  expect(log.lastWords).toBe('SyntaxError [ERR]: no such export')
})
