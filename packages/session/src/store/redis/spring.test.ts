import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RedisRig, redisRig } from '../../../test/redis-rig.ts'
import { anything } from '../../../test/spring/values.ts'
import { BOOTS, type Boot, ours, type ProgramRig, springBoot, whyNoSpring } from '../../../test/spring-rig.ts'

import { UnencodableError } from '../../codec/codec.ts'
import { springJson } from '../../codec/spring-json.ts'

/** Spring Boot in one process, ours in another, on one Redis, and a browser that visits both with one cookie jar. */
const missing = whyNoSpring()

const codec = springJson()
const BUDGET = process.env.TEST_BUDGET === 'full' ? 20_000 : 1_000
const HARMLESS = new Set([
  ...['LinkedHashMap', 'ArrayList', 'LinkedHashSet', 'Date'].map((name) => `java.util.${name}`),
  ...['String', 'Integer', 'Long', 'Double', 'Boolean'].map((name) => `java.lang.${name}`),
])

/**
 * A value as Java writes it again: an attribute that is a small `Long` is forgotten to have been one, and inside of a `Map` or
 * `List` every `Long` is written as one, so that a number past 32 bits is a BigInt then.
 */
function asJavaHas(value: unknown, isInside = false): unknown {
  if (typeof value === 'bigint' && !isInside) return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (typeof value === 'number' && isInside) {
    return Number.isSafeInteger(value) && value !== (value | 0) && !Object.is(value, -0) ? BigInt(value) : value
  }
  const inside = (child: unknown): unknown => asJavaHas(child, true)
  if (Array.isArray(value)) return value.map(inside)
  if (value instanceof Set) return new Set([...value].map(inside))
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, inside(child)]))
}

/** How the Spring application is set up: its serializer, and which repository. */
const VARIANTS: Readonly<Record<string, { boots: readonly Boot[]; what: string }>> = {
  json: { boots: BOOTS, what: '`RedisSerializer.json()`' },
  jackson2: { boots: ['3.5.7'], what: '`GenericJackson2JsonRedisSerializer`' },
  jdk: { boots: BOOTS, what: 'no serializer set (Java’s own)' },
  indexed: { boots: BOOTS, what: '`@EnableRedisIndexedHttpSession`' },
}
const COLUMNS = Object.entries(VARIANTS).flatMap(([variant, { boots }]) => boots.map((boot) => ({ variant, boot })))

/** Where the two applications of one column listen. */
interface Sides {
  readonly spring: string
  readonly ours: string
}

/** One browser, and what it meets at either side. */
class Browser {
  cookie = ''
  readonly #sides: Sides

  constructor(sides: Sides) {
    this.#sides = sides
  }

  /** Another one with the same cookie, as if somebody had copied it. */
  copy(): Browser {
    return Object.assign(new Browser(this.#sides), { cookie: this.cookie })
  }

  /** The body; of a request that failed, who failed and how. */
  async ask(side: keyof Sides, path: string): Promise<string> {
    // A connection each: Tomcat hangs up after a 500.
    const sent = get(this.#sides[side] + path, { agent: false, headers: { cookie: this.cookie } })
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    for (const cookie of response.headers['set-cookie'] ?? []) {
      const [pair = ''] = cookie.split(';')
      this.cookie = pair.endsWith('=') || /max-age=0/i.test(cookie) ? '' : pair
    }
    const [body, status] = [await text(response), response.statusCode]
    if (status === 200) return body
    if (side === 'spring') return `Spring fails: ${status}`
    return `refused: ${status} ${(JSON.parse(body) as { code: string }).code}`
  }
}

const FROM_SPRING = `cart = undefined
date = 2023-11-14T22:13:20.000Z
double = 1.5
flag = true
int = 42
list = [ 'java.io.File', '/etc/passwd' ]
long = 9007199254740993n
map = { list: [ 1, 'x' ], long: 5n, none: null }
set = Set(2) { 'a', 'b' }
text = '한글 "q"'`

const FROM_OURS = `date = Date 1700000000000
double = Double 1.5
flag = Boolean true
int = Integer 42
list = ArrayList [String java.io.File, String /etc/passwd]
long = Long 9007199254740993
map = LinkedHashMap {list: ArrayList [Integer 1, String x], long: Long 5, none: null}
set = LinkedHashSet [String a, String b]
text = String 한글 "q"
whole = Long 4200000000`

const PAIR = 'LinkedHashMap {nested: ArrayList [String java.io.File, String /etc/passwd], '

/** What is tried in each column: 'ok', or what was seen instead. */
const ROWS: Readonly<Record<string, (browser: Browser) => Promise<string>>> = {
  'made by Spring, read here': async (browser) => {
    await browser.ask('spring', '/make')
    return same(await browser.ask('ours', '/all'), FROM_SPRING)
  },
  'made here, read by Spring': async (browser) => {
    await browser.ask('ours', '/make')
    return same(await browser.ask('spring', '/all'), FROM_OURS)
  },
  'made by Spring, changed here': async (browser) => {
    await browser.ask('spring', '/make')
    const before = await browser.ask('spring', '/all')
    const change = await browser.ask('ours', '/set?q=x')
    const after = await browser.ask('spring', '/all')
    return change === 'done' ? same(after, before.replace('\nset', '\nq = String x\nset')) : same(after, before, change)
  },
  'made here, changed by Spring': async (browser) => {
    await browser.ask('ours', '/make')
    const before = await browser.ask('ours', '/all')
    const change = await browser.ask('spring', '/set?q=x')
    const after = await browser.ask('ours', '/all')
    return change === 'set' ? same(after, before.replace('\nset', "\nq = 'x'\nset")) : change
  },
  'a user’s texts that name a Java class, kept here': async (browser) => {
    await browser.ask('ours', '/pair?a=java.io.File&b=/etc/passwd')
    const seen = await browser.ask('spring', '/all')
    return seen.startsWith(`pair = ${PAIR}`) ? 'ok' : seen
  },
  'a user’s key @class, kept here': async (browser) => {
    await browser.ask('ours', '/set?q=x')
    const change = await browser.ask('ours', '/object?key=@class&value=java.io.File')
    return same(await browser.ask('spring', '/all'), 'q = String x', change)
  },
  'odd names of attributes, kept here': async (browser) => {
    await browser.ask('ours', '/named')
    const seen = await browser.ask('spring', '/all')
    const lines = seen
      .split('\n')
      .filter((line) => line.endsWith(' = ArrayList [String java.io.File, String /etc/passwd]'))
    return lines.length === 8 ? 'ok' : seen
  },
  'a session that never ends, made here, changed by Spring': async (browser) => {
    await browser.ask('ours', '/forever')
    const change = await browser.ask('spring', '/set?q=y')
    return change === 'set' ? same(await browser.ask('ours', '/get'), 'y') : change
  },
  'rotated by Spring': (browser) => rotated(browser, 'spring'),
  'rotated here': (browser) => rotated(browser, 'ours'),
  'ended by Spring': (browser) => ended(browser, 'spring'),
  'ended here': (browser) => ended(browser, 'ours'),
  'logged in here, endUser() here': async (browser) => {
    const login = await browser.ask('ours', '/login?user=ada')
    return login === 'done' ? same(await browser.ask('ours', '/everywhere?user=ada'), 'ended 1') : login
  },
  'logged in at Spring, endUser() here': async (browser) => {
    await browser.ask('spring', '/login?user=bob')
    return same(await browser.ask('ours', '/everywhere?user=bob'), 'ended 1')
  },
  'list() here': async (browser) => {
    await browser.ask('spring', '/set?q=x')
    const listed = await browser.ask('ours', '/list')
    return Number(listed) > 0 ? 'ok' : listed
  },
}

const same = (seen: string, expected: string, result = 'ok'): string =>
  seen === expected ? result : (seen.split('\n')[0] ?? '')

async function rotated(browser: Browser, by: keyof Sides): Promise<string> {
  await browser.ask('spring', '/set?q=x')
  const thief = browser.copy()
  const rotation = await browser.ask(by, '/rotate')
  if (!/^(done|rotated)$/.test(rotation)) return rotation
  for (const side of ['ours', 'spring'] as const) {
    if (!(await browser.ask(side, '/all')).includes('x')) return `lost for ${side}`
    if ((await thief.ask(side, '/all')) !== 'no session') return `the old id lives on for ${side}`
  }
  return 'ok'
}

async function ended(browser: Browser, by: keyof Sides): Promise<string> {
  await browser.ask('spring', '/set?q=x')
  const thief = browser.copy()
  const end = await browser.ask(by, '/logout')
  if (!/^(done|logged out)$/.test(end)) return end
  for (const side of ['ours', 'spring'] as const) {
    if ((await thief.ask(side, '/all')) !== 'no session') return `lives on for ${side}`
  }
  return browser.cookie === '' ? 'ok' : 'the cookie stays'
}

it.runIf(process.env.REQUIRE_ALL)('Spring Boot can be run here', () => expect(missing).toBeUndefined())

describe.skipIf(missing)(`sessions shared with Spring Boot${missing ? `, not run: ${missing}` : ''}`, () => {
  let redis: RedisRig
  let node: ProgramRig
  const springs = new Map<Boot, ProgramRig>()
  /** Row → column → what was seen. */
  const seen = new Map<string, string[]>()

  beforeAll(async () => {
    redis = await redisRig()
    const variants = COLUMNS.map(({ variant, boot }) => `${boot}:${variant}`)
    const start = async (boot: Boot): Promise<void> => {
      const own = variants.filter((name) => name.startsWith(boot))
      springs.set(boot, await springBoot(boot, redis.port, own))
    }
    ;[node] = await Promise.all([ours(redis.port, variants), ...BOOTS.map(start)])
    for (const [row, look] of Object.entries(ROWS)) {
      seen.set(row, [])
      for (const { variant, boot } of COLUMNS) seen.get(row)?.push(await look(new Browser(sidesOf(variant, boot))))
    }
  }, 600_000)
  afterAll(async () => {
    await Promise.all([node, ...springs.values()].map((rig) => rig?.[Symbol.asyncDispose]()))
    await redis?.[Symbol.asyncDispose]()
  })

  const sidesOf = (variant: string, boot: Boot): Sides => {
    const name = `${boot}:${variant}`
    return { spring: springs.get(boot)?.urls.get(name) ?? '', ours: node.urls.get(name) ?? '' }
  }

  it('behave as docs/spring.md says, which this makes', async () => {
    await expect(page(seen)).toMatchFileSnapshot('../../../docs/spring.md')
  })

  it('are shared whole with Spring’s JSON serializers', () => {
    for (const [row, cells] of seen) {
      const json = cells.filter((_cell, i) => /^json|jackson2/.test(COLUMNS[i]?.variant ?? ''))
      if (!/Spring, endUser|@class/.test(row)) expect([row, ...json]).toEqual([row, ...json.map(() => 'ok')])
    }
  })

  it.each(COLUMNS.filter(({ variant }) => /^json|jackson2/.test(variant)))(
    'hold only harmless classes in Java, whatever is stored, and come back from it ($variant, Boot $boot)',
    async ({ variant, boot }) => {
      const [values, lines] = [[] as unknown[], [] as string[]]
      for (const value of fc.sample(anything, BUDGET)) {
        try {
          lines.push(Buffer.from(codec.encode(value)).toString('base64'))
          values.push(value)
        } catch (error) {
          expect(error).toBeInstanceOf(UnencodableError)
        }
      }
      const response = await fetch(`${sidesOf(variant, boot).spring}/codec`, {
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
        body: lines.join('\n'),
      })
      const answers = (await response.text()).split('\n')
      expect([response.status, answers.length]).toEqual([200, values.length])
      for (const [i, answer] of answers.entries()) {
        const [names = '', bytes = ''] = answer.split(' ')
        expect(names.split(',').filter((name) => name && !HARMLESS.has(name))).toEqual([])
        // Java writes nothing for null, as for an attribute that was removed.
        const back = bytes === '' ? null : codec.decode(Buffer.from(bytes, 'base64'))
        expect(back).toEqual(asJavaHas(values[i]))
      }
      expect(values.length).toBeGreaterThan(BUDGET / 3)
    },
  )

  it('never make Spring fail, unless it cannot read JSON at all', () => {
    const cells = [...seen].flatMap(([row, all]) => all.map((cell, i) => `${COLUMNS[i]?.variant}: ${row}: ${cell}`))
    expect(
      cells.filter(
        (cell) =>
          cell.includes('Spring fails') && !/^jdk: (made here|a user|odd names|a session that never)/.test(cell),
      ),
    ).toEqual([])
  })
})

function page(seen: ReadonlyMap<string, readonly string[]>): string {
  const head = COLUMNS.map(({ variant, boot }) => `Boot ${boot.slice(0, 3)}, ${VARIANTS[variant]?.what}`)
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return `# Sessions shared with Spring Boot

What one browser meets that visits a Spring Boot application and one of ours (\`ids: 'spring'\`), by how Spring is set up.
Made and compared by \`src/store/redis/spring.test.ts\`, which runs both as processes.

${line(['', ...head])}
${line(['---', ...head.map(() => '---')])}
${[...seen].map(([row, cells]) => line([row, ...cells])).join('\n')}
`
}
