import { startRedis } from '@session-cluster/cluster'
import { type Codec, json, registry, typedJson, v8 } from '@session-cluster/session'
import { median } from '@session-cluster/visitor'
import { Redis } from 'ioredis'
import { experiment, type Lab, prove } from '../experiment.ts'
import type { History } from '../history.ts'
import { formatNumber, type Text, text } from '../language.ts'
import { inTurns } from '../load/rounds.ts'
import { bars } from '../pictures/bars.ts'
import { type CellLook, matrix } from '../pictures/matrix.ts'
import { type NoSpringRow, springOf } from '../rig/spring.ts'
import { makeUser } from '../rig/users.ts'
import { type Check, counted, withSpread } from '../verdict.ts'
import { type Fate, fateOf, fates as kinds } from './c7-fate.ts'
import { cartOfSize, classes, fixtures } from './c7-fixtures.ts'

/** The control: what everyone writes first. */
export const rawJson: Codec = {
  name: 'JSON.stringify',
  encode: (value) => Buffer.from(JSON.stringify(value)),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as unknown,
}

const ours: readonly Codec[] = [rawJson, json(), typedJson(), v8(), registry(classes)]
const sizes = [1, 10, 100] as const

const looks: Record<Fate, CellLook> = {
  same: { mark: '✓', color: 'var(--found)', name: text('comes back the same', '그대로 돌아옴') },
  changed: { mark: '≠', color: 'var(--lost)', name: text('changed silently', '오류 없이 바뀜') },
  refused: { mark: '⊘', color: 'var(--series-1)', name: text('refused, with a reason', '이유와 함께 거절') },
  unreadable: {
    mark: '!',
    color: 'var(--error)',
    name: text('written, then not to be read', '저장했지만 읽을 수 없음'),
  },
}

/** Which fixtures each codec has to change or refuse; all the others have to come back the same. */
const expected: Readonly<
  Record<string, { readonly changed?: readonly string[]; readonly refused?: readonly string[] }>
> = {
  'JSON.stringify': {
    changed: ['date', 'map', 'set', 'class', 'private', 'function', 'security-context'],
    refused: ['bigint', 'cycle'],
  },
  json: { refused: fixtures.map(({ id }) => id).filter((id) => id !== 'plain') },
  'typed-json': { refused: ['class', 'private', 'function', 'security-context'] },
  v8: { refused: ['class', 'private', 'function', 'security-context'] },
  registry: { refused: ['function'] },
}

interface FateRow {
  readonly step: 'fidelity'
  readonly codec: string
  readonly value: string
  readonly fate: Fate
}

/** Whether `redis-cli` shows as text what a codec writes. */
interface ReadableRow {
  readonly step: 'readable'
  readonly codec: string
  readonly text: boolean
}

/** A cart's bytes, and what writing and reading it took in each round, µs. */
interface CostRow {
  readonly step: 'cost'
  readonly codec: string
  readonly kilobytes: number
  readonly bytes: number
  readonly times: readonly number[]
}

/** A page of the tutorial's own program, before or after a SecurityContext was put into the session. */
interface PageRow {
  readonly step: 'page'
  readonly serializer: 'json' | 'java'
  readonly page: string
  readonly after: 'q saved' | 'context saved'
  readonly status: number
  readonly body: string
}

/** What Spring wrote into Redis. */
interface StoredRow {
  readonly step: 'stored'
  readonly serializer: 'json' | 'java'
  readonly value: string
  readonly text: boolean
}

type C7Row = FateRow | ReadableRow | CostRow | PageRow | StoredRow | NoSpringRow

/** C7: which values survive which serializer, and the tutorial's own error on the tutorial's own program. `codecs` is for the test in which one lies. */
export const serializer = (codecs: readonly Codec[] = ours) =>
  experiment<C7Row>({
    id: 'C7',
    on: 'parts',
    title: text('The serializer decides what comes back', '무엇이 돌아오는지는 직렬화 방식이 정한다'),
    says: text(
      'With JSON the data in Redis can be read by people; but an object such as SecurityContext, which has no default constructor, may cause an error.',
      'JSON으로 직렬화하면 읽을 수 있는 형태로 저장되지만, SecurityContext와 같은 객체는 기본 생성자가 없기 때문에 오류가 발생할 수도 있습니다.',
    ),
    steps: text(
      `The tutorial’s Spring Boot program, where Java is: a SecurityContext is put into a session, once with the JSON serializer and once with Java’s, and the pages of that user are asked for. Then ${fixtures.length} kinds of JavaScript values go through plain JSON.stringify and the four codecs and back, in one process; carts of 1, 10 and 100 KB are measured in bytes and time.`,
      `Java가 있으면 튜토리얼의 Spring Boot 프로그램으로: 세션에 SecurityContext를 넣고(JSON 직렬화와 Java 직렬화로 한 번씩) 그 사용자의 페이지를 요청합니다. 이어서 JavaScript 값 ${fixtures.length}가지를 한 프로세스 안에서 JSON.stringify와 네 코덱으로 저장했다가 되읽습니다. 1, 10, 100 KB 장바구니의 크기와 시간도 잽니다.`,
    ),
    expected: text(
      'Spring, JSON: readable in Redis, and every page of that user fails once the SecurityContext is in; Java’s serialization: not readable, and it comes back. JavaScript: raw JSON loses types without a word; json refuses them; typed-json and v8 keep Date, Map, Set, BigInt and cycles, not classes; the registry brings registered classes back',
      'Spring JSON: Redis에서 읽을 수 있고, SecurityContext를 넣은 뒤 그 사용자의 모든 페이지가 실패한다. Java 직렬화: 읽을 수 없지만 객체가 돌아온다. JavaScript: 그냥 JSON은 타입을 오류 없이 잃고, json은 거절하고, typed-json과 v8은 Date, Map, Set, BigInt, 순환은 지키지만 클래스는 아니며, registry는 등록한 클래스를 되살린다',
    ),
    limits: text(
      'The codecs run in the lab’s process, without a store. Time is that of this machine and of carts; only sizes and fates carry over.',
      '코덱은 저장소 없이 실험실 프로세스 안에서 돌립니다. 시간은 이 기계와 장바구니의 것입니다. 크기와 결과만 다른 곳에도 통합니다.',
    ),
    async run(lab) {
      for (const serializer of ['json', 'java'] as const) await springPages(lab, serializer)
      for (const codec of codecs) {
        for (const fixture of fixtures)
          lab.record({ step: 'fidelity', codec: codec.name, value: fixture.id, fate: fateOf(codec, fixture) })
        lab.record({ step: 'readable', codec: codec.name, text: isReadable(codec) })
      }
      await measure(lab, codecs)
    },
    judge(history) {
      const names = [...new Set(history.of('fidelity').map(({ codec }) => codec))]
      const fates = names.map((codec) => ({ codec, cells: fatesIn(history, codec) }))
      const silent = (codec: string) => fatesIn(history, codec).filter((fate) => fate === 'changed').length
      const [first = '', ...others] = names
      const spring = springChecks(history)
      const failing = failedPages(history, 'json')
      const inJavaScript = text(
        `${silent(first)} : ${Math.max(...others.map(silent))}`,
        `${silent(first)} : ${Math.max(...others.map(silent))}`,
      )
      const changed = text(
        `kinds of values, of ${fixtures.length}, changed silently: JSON.stringify against the codecs`,
        `오류 없이 값이 바뀐 종류(${fixtures.length}가지 중): JSON.stringify 대 이 라이브러리의 코덱`,
      )
      return {
        headline:
          spring.length > 0
            ? {
                value: `${failing.failed} / ${failing.of}`,
                label: text(
                  `pages fail in Spring once a SecurityContext was saved as JSON; in JavaScript, ${inJavaScript.en} ${changed.en}`,
                  `SecurityContext를 JSON으로 저장한 뒤 Spring에서 실패한 페이지. JavaScript에서는 ${inJavaScript.ko} ${changed.ko}`,
                ),
              }
            : { value: inJavaScript, label: changed },
        checks: [
          ...spring,
          ...fates.map(({ codec, cells }) =>
            counted(
              text(`${codec}: same, changed, refused, unreadable`, `${codec}: 그대로, 바뀜, 거절, 읽을 수 없음`),
              summary(cells),
              summary(expectedFates(codec)),
            ),
          ),
          ...fates.map(({ codec, cells }) =>
            counted(
              text(`${codec}: each value as expected`, `${codec}: 값마다 예상대로`),
              cells.filter((cell, index) => cell === expectedFates(codec)[index]).length,
              fixtures.length,
            ),
          ),
          counted(
            text('not readable in redis-cli', 'redis-cli에서 읽을 수 없음'),
            history
              .of('readable')
              .filter((row) => !row.text)
              .map(({ codec }) => codec),
            ['v8'],
          ),
        ],
        observations: [
          ...history
            .of('no spring')
            .slice(0, 1)
            .map(({ why }) => ({
              what: text('the tutorial’s own error was not seen', '튜토리얼의 오류는 보지 못함'),
              value: why,
            })),
          ...history
            .of('page')
            .filter(({ serializer, status }) => serializer === 'json' && status >= 500)
            .slice(0, 1)
            .map(({ body }) => ({ what: text('Spring’s own words', 'Spring의 오류 메시지'), value: body })),
          ...history
            .of('cost')
            .filter(({ kilobytes }) => kilobytes === 1)
            .map(({ codec, times }) => ({
              what: text(`${codec}, 1 KB: there and back, µs`, `${codec}, 1 KB: 왕복, µs`),
              value: withSpread(times),
            })),
        ],
        pictures: [fidelityPicture(fates), ...costPictures(history.of('cost'))],
      }
    },
  })

/** The tutorial's last paragraph on the tutorial's own program. */
async function springPages(lab: Lab<C7Row>, serializer: 'json' | 'java'): Promise<void> {
  await using redis = await startRedis()
  await using spring = await springOf(lab, { redisUrl: redis.url, serializer })
  if (!spring) return
  const user = makeUser(lab, spring.url, `alice-${serializer}`)
  const ask = async (page: string, after: PageRow['after']) => {
    const { status, body } = await user.ask(page)
    const short = body.trim().slice(0, 300)
    lab.record({ step: 'page', serializer, page, after, status, body: short })
  }
  await user.ask(`/set?q=${user.token}`)
  await ask('/get', 'q saved')
  const client = new Redis(redis.url)
  for (const key of await client.keys('*:sessions:*')) {
    const stored = await client.hgetBuffer(key, 'sessionAttr:q')
    if (stored) lab.record({ step: 'stored', serializer, value: stored.toString('latin1'), text: isText(stored) })
  }
  client.disconnect()
  await user.ask('/context?user=alice', { method: 'POST' })
  for (const page of ['/context', '/get']) await ask(page, 'context saved')
}

const isText = (bytes: Uint8Array) => /^[\x20-\x7e]+$/.test(Buffer.from(bytes).toString('latin1'))

function failedPages(history: History<C7Row>, serializer: 'json' | 'java') {
  const after = history.of('page').filter((row) => row.serializer === serializer && row.after === 'context saved')
  return { failed: after.filter(({ status }) => status >= 500).length, of: after.length }
}

/** Nothing where Spring could not be run. */
function springChecks(history: History<C7Row>): Check[] {
  const pages = history.of('page')
  if (pages.length === 0) return []
  const [json, java] = [failedPages(history, 'json'), failedPages(history, 'java')]
  const named = pages.filter(({ status, body }) => status >= 500 && /no Creators, like default constructor/.test(body))
  return [
    counted(
      text('Spring: pages that fail before: JSON, Java', 'Spring: 넣기 전에 실패한 페이지: JSON, Java'),
      (['json', 'java'] as const).map(
        (each) =>
          pages.filter((row) => row.serializer === each && row.after === 'q saved' && row.status !== 200).length,
      ),
      [0, 0],
    ),
    counted(
      text(
        'Spring: pages that fail once a SecurityContext is in the session: JSON, Java',
        'Spring: 세션에 SecurityContext를 넣은 뒤 실패한 페이지: JSON, Java',
      ),
      [json.failed, java.failed],
      [2, 0],
    ),
    counted(
      text('Spring: of these, that name the missing constructor', 'Spring: 그중 없는 생성자를 이유로 든 페이지'),
      named.length,
      2,
    ),
    counted(
      text('Spring: readable in redis-cli: JSON, Java', 'Spring: redis-cli에서 읽을 수 있음: JSON, Java'),
      (['json', 'java'] as const).map(
        (each) => history.of('stored').filter((row) => row.serializer === each && row.text).length,
      ),
      [1, 0],
    ),
  ]
}

const fatesIn = (history: History<C7Row>, codec: string): Fate[] =>
  fixtures.map(
    ({ id }) => history.of('fidelity').find((row) => row.codec === codec && row.value === id)?.fate ?? 'unreadable',
  )

function expectedFates(name: string): Fate[] {
  return fixtures.map(({ id }) =>
    expected[name]?.changed?.includes(id) ? 'changed' : expected[name]?.refused?.includes(id) ? 'refused' : 'same',
  )
}

const summary = (cells: readonly Fate[]) => kinds.map((kind) => cells.filter((cell) => cell === kind).length)

/** Whether `redis-cli` shows the value as text: printable characters only. */
function isReadable(codec: Codec): boolean {
  return isText(codec.encode(cartOfSize(1000)))
}

/** Bytes once, for they are always the same; time in turns, the codecs one after another. */
async function measure(lab: Lab<C7Row>, codecs: readonly Codec[]): Promise<void> {
  const names = codecs.map(({ name }) => name)
  for (const kilobytes of sizes) {
    const value = cartOfSize(kilobytes * 1000)
    const named = (name: string): Codec => {
      const codec = codecs.find((candidate) => candidate.name === name)
      prove(codec, `there is a codec ${name}`)
      return codec
    }
    const rounds: Record<string, number>[] = []
    while (rounds.length < lab.repeats)
      rounds.push(
        await inTurns(names, rounds.length, async (name) =>
          timeOf(named(name), value, lab.size({ quick: 2000, full: 20_000 }) / kilobytes),
        ),
      )
    for (const codec of codecs)
      lab.record({
        step: 'cost',
        codec: codec.name,
        kilobytes,
        bytes: codec.encode(value).byteLength,
        times: rounds.map((times) => times[codec.name] ?? Number.NaN),
      })
    lab.signal.throwIfAborted()
  }
}

function timeOf(codec: Codec, value: unknown, times: number): number {
  const began = performance.now()
  for (let index = 0; index < times; index++) codec.decode(codec.encode(value))
  return ((performance.now() - began) * 1000) / times
}

function fidelityPicture(fates: readonly { codec: string; cells: Fate[] }[]) {
  return matrix({
    id: 'fidelity',
    title: text('What comes back from the store', '저장소에서 돌아오는 것'),
    caption: text(
      'A tick is the same value; the unequal sign is another value without a word; the barred circle is an error when it is saved, the exclamation mark one when it is read.',
      '체크는 같은 값, ≠는 오류 없이 달라진 값, ⊘는 저장할 때의 오류, !는 읽을 때의 오류입니다.',
    ),
    looks,
    rowTitle: text('value', '값'),
    columns: fixtures.map(({ name }): Text | string => name),
    rows: fates.map(({ codec, cells }) => ({ name: codec, cells })),
  })
}

/** Bytes and time, each against `JSON.stringify` for the same cart in the same run. */
function costPictures(costs: readonly CostRow[]) {
  const control = (kilobytes: number) =>
    costs.find((cost) => cost.kilobytes === kilobytes && cost.codec === rawJson.name)
  const against = (of: (cost: CostRow) => number, label: (cost: CostRow) => string) =>
    costs.map((cost) => {
      const base = control(cost.kilobytes)
      return {
        group: `${cost.kilobytes} KB`,
        series: cost.codec,
        value: base ? of(cost) / of(base) : Number.NaN,
        label: label(cost),
      }
    })
  const words = {
    groupTitle: text('cart', '장바구니'),
    valueTitle: text('times JSON.stringify', 'JSON.stringify의 몇 배'),
  }
  return [
    bars({
      ...words,
      id: 'bytes',
      title: text('Bytes in the store for the same cart', '같은 장바구니가 차지하는 바이트'),
      caption: text('Against plain JSON; the number is the bytes.', '그냥 JSON에 대한 배수이며, 숫자는 바이트입니다.'),
      bars: against(
        ({ bytes }) => bytes,
        ({ bytes }) => formatNumber(bytes),
      ),
    }),
    bars({
      ...words,
      id: 'time',
      title: text('Time to write and read the same cart', '같은 장바구니를 쓰고 읽는 시간'),
      caption: text(
        'Against plain JSON, taken in turns; the number is the median in microseconds on this machine.',
        '그냥 JSON에 대한 배수로 번갈아 쟀으며, 숫자는 이 기계에서의 중앙값(마이크로초)입니다.',
      ),
      bars: against(
        ({ times }) => median(times),
        ({ times }) => `${formatNumber(median(times))} µs`,
      ),
    }),
  ]
}
