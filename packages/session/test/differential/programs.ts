import { createReadStream, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate as turn } from 'node:timers/promises'
import onFinished from 'on-finished'
import type { Ask } from './client.ts'

/** What a program notes of what it sees; compared with what it notes without us. */
export type Note = (what: string, value?: unknown) => void

/** One way to answer a request on plain `node:http`. */
export interface Program {
  readonly ask?: Ask
  run(response: ServerResponse, note: Note, request: IncomingMessage): unknown
  /** Is tried with no other middleware: they have an opinion of their own about it. */
  readonly bare?: boolean
  /** Is not tried with these, which break it or wait on their own. */
  readonly not?: readonly string[]
}

/** A file of 3 MB: several times what any buffer between the two ends takes. */
export const bigFile = join(tmpdir(), `sessions-differential-${process.pid}.bin`)
writeFileSync(bigFile, Buffer.alloc(3_000_000, 'a big file, '))

const codeOf = (act: () => unknown): string => {
  try {
    act()
    return 'fine'
  } catch (error) {
    return String((error as { code?: string }).code ?? error)
  }
}
/** What the usual guards against a second answer ask. */
const look = ({ headersSent, writableEnded, finished }: ServerResponse) => [headersSent, writableEnded, finished].join()
const pieces = (count: number, size: number) => Array.from({ length: count }, (_, i) => String(i % 10).repeat(size))

const told = (note: Note, name: string) => (error?: unknown) =>
  note(name, (error as { code?: string } | undefined)?.code ?? 'fine')

/** Ways to end the connection. Express does so after an error that comes when the head has left. */
const ways: Readonly<Record<string, (response: ServerResponse, request: IncomingMessage) => unknown>> = {
  'response.destroy': (response) => response.destroy(),
  'request.destroy': (_, request) => request.destroy(),
  'socket.destroy': (_, { socket }) => socket.destroy(),
  'socket.destroy, an error': (_, { socket }) => socket.destroy(new Error('enough')),
  'socket.end': (_, { socket }) => socket.end(),
  'socket.destroySoon': (_, { socket }) => socket.destroySoon(),
}

const begun: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
  end: (r) => r.end('the answer'),
  write: (r) => r.write('a part'),
  flushHeaders: (r) => r.flushHeaders(),
}

/** What was begun, and is then cut: at once, or a turn later. */
const cuts: Readonly<Record<string, Program>> = Object.fromEntries(
  Object.entries(ways).flatMap(([way, close]) =>
    Object.entries(begun).flatMap(([what, begin]) =>
      [false, true].map((later) => [
        `${what}; the connection is cut by ${way}${later ? ', a turn later' : ''}`,
        {
          bare: true,
          ask: { headers: { connection: 'close' } },
          async run(r, _note, request) {
            request.on('error', () => {})
            request.socket.on('error', () => {})
            begin(r)
            if (later) await turn()
            close(r, request)
          },
        } satisfies Program,
      ]),
    ),
  ),
)

/** Every way to answer that we know of. */
export const programs: Readonly<Record<string, Program>> = {
  ...cuts,
  'end with text': { run: (r) => r.end('hello') },
  'end with a buffer': { run: (r) => r.end(Buffer.from('hello')) },
  'end with bytes': { run: (r) => r.end(new Uint8Array([65, 66])) },
  'end with nothing': { run: (r) => r.end() },
  'end with 50 kB': { run: (r) => r.end('z'.repeat(50_000)) },
  'end with 2 MB': { run: (r) => r.end('z'.repeat(2_000_000)) },
  'write, end': {
    run(r) {
      r.write('a')
      r.end('b')
    },
  },
  'write many, end': {
    run(r) {
      for (const piece of pieces(50, 100)) r.write(piece)
      r.end()
    },
  },
  'write nothing': {
    run(r) {
      r.write('')
      r.end()
    },
  },
  'write in encodings': {
    run(r) {
      r.write('é', 'latin1')
      r.write('6869', 'hex')
      r.write('aGk=', 'base64')
      r.end('é', 'latin1')
    },
  },
  'write later': {
    async run(r) {
      r.write('a')
      await turn()
      r.write('b')
      await turn()
      r.end('c')
    },
  },
  'end later': {
    async run(r) {
      await turn()
      r.end('late')
    },
  },
  'callbacks of write and end': {
    run(r, note) {
      r.write('a', told(note, '1'))
      r.write('b', 'utf8', told(note, '2'))
      r.end('c', 'utf8', told(note, 'end'))
    },
  },
  // Both take the callback for a body.
  'a callback of end alone': { not: ['compression', 'express-session'], run: (r, note) => r.end(told(note, 'end')) },
  'a callback of end with a body': { run: (r, note) => r.end('x', told(note, 'end')) },
  'the events in order': {
    not: ['express-session'], // it ends later itself, and shows that
    run(r, note) {
      for (const event of ['finish', 'close', 'error', 'drain']) r.on(event, () => note(event))
      r.write('a')
      r.end('b')
      note('right after end', look(r))
      note('returned')
    },
  },
  'on-finished': {
    not: ['express-session'],
    run(r, note) {
      onFinished(r, () => note('finished, heard before'))
      r.end('x')
      note('isFinished', onFinished.isFinished(r))
    },
  },
  'what end and write return': {
    not: ['express-session'],
    run: (r, note) => {
      note('write', r.write('small'))
      note('end', r.end('x') === r)
    },
  },
  'Readable.from, pipe': { run: (r) => Readable.from(['a', 'b']).pipe(r) },
  'Readable.from of buffers, pipe': { run: (r) => Readable.from(pieces(3, 10).map((x) => Buffer.from(x))).pipe(r) },
  'Readable.from, much, pipe': { run: (r) => Readable.from(pieces(300, 8_000)).pipe(r) },
  'Readable.from, small pieces, pipe': { run: (r) => Readable.from(pieces(5_000, 100)).pipe(r) },
  'an empty stream, pipe': { run: (r) => Readable.from([]).pipe(r) },
  pipeline: { run: async (r, note) => pipeline(Readable.from(pieces(300, 8_000)), r).then(() => note('done')) },
  'a generator, pipeline': {
    run: (r) =>
      pipeline(async function* () {
        for (const piece of pieces(20, 10_000)) {
          await turn()
          yield piece
        }
      }, r),
  },
  'a big file, pipe': { run: (r) => createReadStream(bigFile).pipe(r) },
  'a big file, pipeline': { run: (r) => pipeline(createReadStream(bigFile), r) },
  'a loop that waits for drain': {
    async run(r, note) {
      let waits = 0
      for (const piece of pieces(60, 50_000)) {
        if (r.write(piece)) continue
        waits++
        // An HTTP/2 response of Node 22 does not know.
        if (r.writableNeedDrain === false) note('no drain is needed after write said so')
        await new Promise((resolve) => r.once('drain', resolve))
      }
      r.end()
      note('waited', waits > 0)
    },
  },
  'a stream begun after a full write': {
    run(r) {
      r.write('z'.repeat(200_000))
      Readable.from(pieces(30, 8_000)).pipe(r)
    },
  },
  'writeHead, object': { run: (r) => r.writeHead(201, { 'X-One': '1', 'content-type': 'text/plain' }).end('x') },
  'writeHead, reason': { run: (r) => r.writeHead(201, 'Made Well', { 'x-one': ['1', '2'] }).end('x') },
  'writeHead, reason alone': { run: (r) => r.writeHead(404, 'Gone Fishing').end('x') },
  'writeHead, undefined headers': { run: (r) => r.writeHead(200, undefined).end('x') },
  'writeHead, flat list': { run: (r) => r.writeHead(200, ['X-One', '1', 'X-Two', '2', 'X-One', '3']).end('x') },
  'writeHead, cookies': { run: (r) => r.writeHead(200, { 'Set-Cookie': ['a=1', 'b=2'] }).end('x') },
  'writeHead, flat cookies': { run: (r) => r.writeHead(200, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']).end('x') },
  'writeHead over setHeader': {
    run(r) {
      r.setHeader('x-one', '0')
      r.setHeader('x-two', '0')
      r.writeHead(200, { 'X-One': '1' }).end('x')
    },
  },
  'writeHead, flat, over setHeader': {
    run(r) {
      r.setHeader('x-one', '0')
      r.writeHead(200, ['X-One', '1', 'x-one', '2']).end('x')
    },
  },
  'writeHead, length': {
    run(r) {
      r.writeHead(200, { 'content-length': 3 })
      r.write('a')
      r.end('bc')
    },
  },
  'writeHead alone, end later': {
    async run(r, note) {
      r.writeHead(200, { 'x-one': '1' })
      note('after writeHead', look(r))
      note(
        'again',
        codeOf(() => r.writeHead(404)),
      )
      note(
        'setHeader',
        codeOf(() => r.setHeader('x', '1')),
      )
      note(
        'appendHeader',
        codeOf(() => r.appendHeader('x', '1')),
      )
      note(
        'removeHeader',
        codeOf(() => r.removeHeader('x-one')),
      )
      r.statusCode = 404
      await turn()
      r.end('x')
    },
  },
  'writeHead refused': {
    bare: true,
    run(r, note) {
      note(
        'status',
        codeOf(() => r.writeHead(99)),
      )
      note(
        'text',
        codeOf(() => r.writeHead('no' as never)),
      )
      note(
        'name',
        codeOf(() => r.writeHead(200, { 'a b': '1' })),
      )
      note(
        'value',
        codeOf(() => r.writeHead(200, { ab: 'a\nb' })),
      )
      note(
        'reason',
        codeOf(() => r.writeHead(200, 'a\nb')),
      )
      note('sent', look(r))
      r.statusMessage = 'Well'
      r.statusCode = 500
      r.end('x')
    },
  },
  'writeHead, odd list over setHeader': {
    bare: true,
    run(r, note) {
      r.setHeader('x-one', '0')
      note(
        'odd',
        codeOf(() => r.writeHead(200, ['a', '1', 'b'])),
      )
      r.end('x')
    },
  },
  'flushHeaders, then a body': {
    async run(r, note) {
      r.setHeader('x-one', '1')
      r.flushHeaders()
      note('after', look(r))
      note(
        'setHeader',
        codeOf(() => r.setHeader('x', '1')),
      )
      await turn()
      r.end('x')
    },
  },
  'flushHeaders after writeHead': {
    run(r) {
      r.writeHead(202, { a: 'b' })
      r.flushHeaders()
      r.end('x')
    },
  },
  'events for a browser': {
    async run(r) {
      r.writeHead(200, { 'content-type': 'text/event-stream' })
      for (let n = 0; n < 3; n++) {
        r.write(`data: ${n}\n\n`)
        await turn()
      }
      r.end()
    },
  },
  '204': {
    run(r) {
      r.statusCode = 204
      r.end()
    },
  },
  '204 with a body': { run: (r) => r.writeHead(204).end('dropped') },
  '304': { run: (r) => r.writeHead(304, { etag: '"1"' }).end() },
  '404 with its own reason': {
    run(r) {
      r.statusCode = 404
      r.statusMessage = 'Nope'
      r.end('x')
    },
  },
  HEAD: {
    ask: { method: 'HEAD' },
    run(r) {
      r.setHeader('content-length', 5)
      r.end('hello')
    },
  },
  'HEAD, stream': { ask: { method: 'HEAD' }, run: (r) => Readable.from(['a', 'b']).pipe(r) },
  trailers: {
    bare: true,
    ask: { headers: { te: 'trailers' } },
    run(r) {
      r.writeHead(200, { trailer: 'x-sum' })
      r.write('a')
      r.addTrailers({ 'x-sum': '1' })
      r.end('b')
    },
  },
  'early hints': {
    run(r) {
      r.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' })
      r.writeProcessing()
      r.end('x')
    },
  },
  'expect: 100-continue': {
    ask: { method: 'POST', headers: { expect: '100-continue' }, body: 'hello' },
    run: (r, _note, request) => request.pipe(r),
  },
  'cork, uncork': {
    run(r) {
      r.cork()
      r.write('a')
      r.write('b')
      r.uncork()
      r.end('c')
    },
  },
  'cork till the next turn': {
    async run(r) {
      r.cork()
      r.write('a')
      r.write('b')
      await turn()
      r.uncork()
      r.end('c')
    },
  },
  'cork, end': {
    run(r) {
      r.cork()
      r.write('a')
      r.end('b')
    },
  },
  'no date': {
    run(r) {
      r.sendDate = false
      r.end('x')
    },
  },
  'connection: close': {
    run(r) {
      r.setHeader('connection', 'close')
      r.end('x')
    },
  },
  'no keep-alive': {
    run(r) {
      r.shouldKeepAlive = false
      r.end('x')
    },
  },
  'headers of all kinds': {
    run(r) {
      r.setHeader('X-Many', ['a', 'b'])
      r.appendHeader('x-many', 'c')
      r.setHeaders(new Headers({ 'x-set': '1' }))
      r.setHeader('set-cookie', ['a=1', 'b=2'])
      r.setHeader('x-gone', '1')
      r.removeHeader('x-gone')
      r.end('x')
    },
  },
  'headers after the end': {
    run(r, note) {
      r.setHeader('x-one', '1')
      r.end('x')
      note(
        'setHeader',
        codeOf(() => r.setHeader('a', '1')),
      )
      note(
        'appendHeader',
        codeOf(() => r.appendHeader('a', '1')),
      )
      note(
        'setHeaders',
        codeOf(() => r.setHeaders(new Map([['a', '1']]))),
      )
      note(
        'removeHeader',
        codeOf(() => r.removeHeader('x-one')),
      )
      note(
        'flushHeaders',
        codeOf(() => r.flushHeaders()),
      )
      note('getHeader', r.getHeader('x-one'))
    },
  },
  'headers after the first write': {
    run(r, note) {
      r.write('a')
      note('seen', look(r))
      note(
        'setHeader',
        codeOf(() => r.setHeader('a', '1')),
      )
      r.end('b')
    },
  },
  'a second head': {
    bare: true, // on-headers has it half done before it is refused
    run(r, note) {
      note(
        'fine',
        codeOf(() => r.writeHead(200)),
      )
      note(
        'again',
        codeOf(() => r.writeHead(404)),
      )
      r.write('a')
      note(
        'after a write',
        codeOf(() => r.writeHead(404)),
      )
      r.end('b')
      note(
        'after the end',
        codeOf(() => r.writeHead(404)),
      )
    },
  },
  'the guard against a second answer': {
    not: ['express-session'],
    run(r, note) {
      r.end('the answer')
      note('seen', look(r))
      if (!r.headersSent) r.statusCode = 404
      if (!r.writableEnded) r.end('default')
    },
  },
  'the status changed after the end': {
    run(r) {
      r.end('x')
      r.statusCode = 500
    },
  },
  'two answers': {
    not: ['express-session'],
    run(r, note) {
      r.end('first')
      note('second', r.end() === r)
    },
  },
  'two answers with bodies': {
    not: ['express-session'],
    run(r, note) {
      r.on('error', ({ code }: NodeJS.ErrnoException) => note('error', code))
      r.end('first')
      note('second', r.end('second') === r)
    },
  },
  'two answers with callbacks': {
    run(r, note) {
      r.end('first', told(note, 'first'))
      r.end(told(note, 'second'))
    },
  },
  'write after the end': {
    not: ['express-session'],
    run(r, note) {
      r.on('error', ({ code }: NodeJS.ErrnoException) => note('error', code))
      r.end('first')
      note('write', r.write('more', told(note, 'callback')))
    },
  },
  'write and end a turn after the end': {
    not: ['express-session'],
    async run(r, note) {
      r.on('error', ({ code }: NodeJS.ErrnoException) => note('error', code))
      r.end('first')
      await turn()
      note('write', r.write('more', told(note, 'callback of write')))
      note('end', r.end('more', told(note, 'callback of end')) === r)
    },
  },
  'an encoding that there is not': {
    bare: true,
    run(r, note) {
      note(
        'end',
        codeOf(() => r.end('x', 'no' as never)),
      )
      r.end('y')
    },
  },
  'a status and a reason that are none': {
    bare: true,
    run(r, note) {
      r.statusCode = 1234
      note(
        'status',
        codeOf(() => r.end('x')),
      )
      r.statusCode = 201
      r.statusMessage = 'a\nb'
      note(
        'reason',
        codeOf(() => r.end('x')),
      )
      r.statusMessage = ''
      r.end('y')
    },
  },
  'chunks that are none': {
    bare: true,
    run(r, note) {
      note(
        'number',
        codeOf(() => r.write(5 as never)),
      )
      note(
        'null',
        codeOf(() => r.write(null as never)),
      )
      note(
        'object',
        codeOf(() => r.end({} as never)),
      )
      note('seen', look(r))
      r.end('x')
    },
  },
  'chunks that are none, later': {
    run(r, note) {
      r.write('a')
      note(
        'number',
        codeOf(() => r.write(5 as never)),
      )
      r.end('x')
    },
  },
  'destroy before any answer': { run: (r) => r.destroy() },
  'destroy in the middle': {
    bare: true,
    run(r) {
      r.write('a')
      r.destroy()
    },
  },
  echo: { ask: { method: 'POST', body: 'z'.repeat(300_000) }, run: (r, _note, request) => request.pipe(r) },
  'answered before the body came': { ask: { method: 'POST', body: 'z'.repeat(300_000) }, run: (r) => r.end('enough') },
  'a client that leaves': {
    ask: { leaves: true },
    run: (r, note) =>
      new Promise<void>((resolve) => {
        r.on('close', () => {
          note('close', [r.destroyed, r.writableFinished])
          resolve()
        })
        r.write('z'.repeat(1000))
      }),
  },
  'a client that leaves a pipeline': {
    ask: { leaves: true },
    run: (r, note) => pipeline(Readable.from(endless()), r).catch(({ code }) => note('pipeline', code)),
  },
}

async function* endless() {
  for (;;) {
    await turn()
    yield 'z'.repeat(10_000)
  }
}
