import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anything } from '../../test/spring/values.ts'
import { createSessions } from '../create-sessions.ts'
import { memoryStore } from '../store/memory.ts'
import { UnencodableError } from './codec.ts'
import { json } from './json.ts'
import { springJson } from './spring-json.ts'

const codec = springJson()
const text = (value: unknown): string => Buffer.from(codec.encode(value)).toString()
const decode = (json: string): unknown => codec.decode(Buffer.from(json))

/** JSON as its text has it: objects as pairs, so that a key which comes twice is seen twice. */
type Json = string | number | boolean | null | { array: Json[] } | { pairs: [string, Json][] }

/** Reads JSON by itself, to judge what is written without the code that wrote it. */
function parse(source: string): Json {
  const tokens = source.match(/"(?:[^"\\]|\\.)*"|[[\]{}:,]|[^[\]{}:,"\s]+/g) ?? []
  let at = 0
  const value = (): Json => {
    const token = tokens[at++] as string
    if (token === '[') return { array: items(']', value) }
    if (token === '{') return { pairs: items('}', pair) }
    return JSON.parse(token) as Json
  }
  const pair = (): [string, Json] => {
    const key = JSON.parse(tokens[at++] as string) as string
    at++
    return [key, value()]
  }
  const items = <T>(end: string, item: () => T): T[] => {
    const found: T[] = []
    while (tokens[at] !== end) {
      if (tokens[at] === ',') at++
      found.push(item())
    }
    at++
    return found
  }
  return value()
}

/** The classes that Jackson would construct: it takes a name from every array's first item and every object's `@class`. */
function classesNamed(json: Json): unknown[] {
  if (typeof json !== 'object' || json === null) return []
  if ('pairs' in json) {
    const named = json.pairs.filter(([key]) => key.toLowerCase() === '@class').map(([, name]) => name)
    const rest = json.pairs.filter(([key]) => key !== '@class').flatMap(([, child]) => classesNamed(child))
    return [...(named.length === 1 ? named : ['not one class']), ...rest]
  }
  const [name, content] = json.array
  if (json.array.length !== 2) return ['not a pair']
  const isList = typeof content === 'object' && content !== null && 'array' in content
  return [name, ...(isList ? content.array.flatMap(classesNamed) : typeof content === 'number' ? [] : ['odd content'])]
}

const HARMLESS = new Set([
  'java.util.LinkedHashMap',
  'java.util.ArrayList',
  'java.util.LinkedHashSet',
  'java.util.Date',
  'java.lang.Long',
])

const numRuns = process.env.TEST_BUDGET === 'full' ? 100_000 : 3_000

describe('springJson', () => {
  it('names no class that a value chose, wherever in it, and brings back what it accepts', () => {
    fc.assert(
      fc.property(anything, (value) => {
        let bytes: Uint8Array
        try {
          bytes = codec.encode(value)
        } catch (error) {
          expect(error).toBeInstanceOf(UnencodableError)
          return
        }
        const named = classesNamed(parse(Buffer.from(bytes).toString()))
        expect(named.filter((name) => !HARMLESS.has(name as string))).toEqual([])
        expect(codec.decode(bytes)).toStrictEqual(value)
      }),
      { numRuns },
    )
  })

  it.each([
    ['a text', '"a text"'],
    [42, '42'],
    [4_200_000_000, '4200000000'],
    [2 ** 53, '9007199254740992.0'],
    [1e21, '1e+21'],
    [-0, '-0.0'],
    [5n, '["java.lang.Long",5]'],
    [2n ** 63n - 1n, '["java.lang.Long",9223372036854775807]'],
    [null, 'null'],
    [new Date(1_700_000_000_000), '["java.util.Date",1700000000000]'],
    [['java.io.File', '/etc/passwd'], '["java.util.ArrayList",["java.io.File","/etc/passwd"]]'],
    [
      { list: [{}] },
      '{"@class":"java.util.LinkedHashMap","list":["java.util.ArrayList",[{"@class":"java.util.LinkedHashMap"}]]}',
    ],
    [new Set([1]), '["java.util.LinkedHashSet",[1]]'],
  ])('writes %o as Jackson does', (value, expected) => {
    expect(text(value)).toBe(expected)
    expect(decode(expected)).toStrictEqual(value)
  })

  it.each([
    ['["java.util.ImmutableCollections$List12",[1,["java.util.Arrays$ArrayList",["x"]]]]', [1, ['x']]],
    ['{"@class":"java.util.Collections$UnmodifiableMap","a":["java.lang.Long",5]}', { a: 5n }],
    ['{"@class":"java.util.concurrent.ConcurrentHashMap","a":["java.lang.Float",1.5]}', { a: 1.5 }],
    ['["java.util.Date","2023-11-14T22:13:20.000Z"]', new Date(1_700_000_000_000)],
    ['["java.util.TreeSet",["a"]]', new Set(['a'])],
    ['9007199254740993', 9007199254740993n],
    ['["java.lang.Long",9223372036854775807]', 9223372036854775807n],
    ['1.0E21', 1e21],
    ['"1234567890123456"', '1234567890123456'],
  ])('reads %s', (json, expected) => {
    expect(decode(json)).toStrictEqual(expected)
  })

  it.each([
    '{"@class":"demo.Cart","items":1}',
    '{"k":"v"}',
    '["x","y"]',
    '["java.io.File","/etc/passwd"]',
    '[]',
    '["java.math.BigDecimal",1.50]',
    '["java.util.Date","yesterday"]',
    '["java.util.ArrayList","x"]',
    '{"@class":"java.util.HashMap","cart":{"@class":"demo.Cart"}}',
  ])('throws at %s, which is no plain value', (json) => {
    expect(() => decode(json)).toThrow(TypeError)
  })

  it.each([
    ['a key @class', { a: [{ '@class': 'java.io.File' }] }, '.a[0]["@class"]'],
    ['the same in capitals', { '@Class': 1 }, '["@Class"]'],
    ['half a surrogate pair', ['\ud800'], '[0]'],
    ['NaN', [Number.NaN], '[0]'],
    ['a BigInt past 64 bits', { n: 2n ** 63n }, '.n'],
    ['a Map', { m: new Map() }, '.m'],
    ['a date that Spring would write differently', [new Date('1500-01-01')], '[0]'],
    ['an object in a Set', { s: new Set([[]]) }, '.s.values()'],
    ['a date that is none', { at: new Date(Number.NaN) }, '.at'],
    ['undefined', { u: undefined }, '.u'],
  ])('refuses %s, naming where', (_what, value, path) => {
    expect(() => codec.encode(value)).toThrow(expect.objectContaining({ name: 'UnencodableError', path }))
  })

  it('refuses what is nested deeper, or has longer names, than Spring reads', () => {
    const lists = (depth: number): unknown => (depth === 0 ? 1 : [lists(depth - 1)])
    expect(decode(text(lists(200)))).toEqual(lists(200))
    expect(() => text(lists(201))).toThrow('nested deeper')
    expect(() => text({ ['k'.repeat(50_001)]: 1 })).toThrow('longer than 50000 characters')
    expect(() => text('k'.repeat(20_000_001))).toThrow('longer than 20000000 characters')
  })

  it('is demanded by a store that shares ids with Spring, whatever else is offered', () => {
    const store = Object.assign(memoryStore(), { plainIds: true })
    for (const codec of [undefined, json(), { ...springJson() }]) {
      expect(() => createSessions({ store, ...(codec && { codec }) })).toThrow(/codec is .*must be springJson\(\)/)
    }
    expect(() => createSessions({ store, codec: springJson() })).not.toThrow()
  })
})
