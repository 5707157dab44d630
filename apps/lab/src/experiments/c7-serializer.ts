import { type Codec, json, registry, typedJson, v8 } from '@session-cluster/session'
import { median } from '@session-cluster/visitor'
import { type Experiment, type Lab, prove } from '../experiment.ts'
import { formatNumber, type Text, text } from '../language.ts'
import { inTurns } from '../load/rounds.ts'
import { bars } from '../pictures/bars.ts'
import { type CellLook, matrix } from '../pictures/matrix.ts'
import { counted, withSpread } from '../verdict.ts'
import { type Fate, fateOf, fates as kinds } from './c7-fate.ts'
import { cartOfSize, classes, fixtures } from './c7-fixtures.ts'

/** The control: what everyone writes first. */
const rawJson: Codec = {
  name: 'JSON.stringify',
  encode: (value) => Buffer.from(JSON.stringify(value)),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as unknown,
}

const codecs = [rawJson, json(), typedJson(), v8(), registry(classes)] as const
const sizes = [1, 10, 100] as const

const looks: Record<Fate, CellLook> = {
  same: { mark: '✓', color: 'var(--found)', name: text('comes back the same', '그대로 돌아옴') },
  changed: { mark: '≠', color: 'var(--lost)', name: text('changed silently', '말없이 바뀜') },
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

/** C7: which values survive which serializer, and what that costs in bytes and time. */
export const serializer: Experiment = {
  id: 'C7',
  title: text('The serializer decides what comes back', '무엇이 돌아오는지는 직렬화 방식이 정한다'),
  says: text(
    'With JSON the data in Redis can be read by people; but an object such as SecurityContext, which has no default constructor, may cause an error.',
    'JSON으로 직렬화하면 읽을 수 있는 형태로 저장되지만, SecurityContext와 같은 객체는 기본 생성자가 없기 때문에 오류가 발생할 수도 있습니다.',
  ),
  steps: text(
    `${fixtures.length} kinds of values, a SecurityContext among them, go through plain JSON.stringify and the four codecs and back; carts of 1, 10 and 100 KB are measured in bytes and time.`,
    `SecurityContext를 포함한 ${fixtures.length}가지 값을 그냥 JSON.stringify와 네 코덱으로 저장했다가 되읽습니다. 1, 10, 100 KB 장바구니의 크기와 시간도 잽니다.`,
  ),
  expected: text(
    'raw JSON loses types without a word; json refuses them; typed-json and v8 keep Date, Map, Set, BigInt and cycles, not classes; the registry brings registered classes back',
    '그냥 JSON은 타입을 말없이 잃고, json은 거절하고, typed-json과 v8은 Date, Map, Set, BigInt, 순환은 지키지만 클래스는 아니며, registry는 등록한 클래스를 되살린다',
  ),
  limits: text(
    'Time is that of this machine and of carts; only sizes and fates carry over.',
    '시간은 이 기계와 장바구니의 것입니다. 크기와 결과만 다른 곳에도 통합니다.',
  ),
  async run(lab) {
    const fates = codecs.map((codec) => ({ codec, cells: fixtures.map((fixture) => fateOf(codec, fixture)) }))
    for (const { codec, cells } of fates)
      lab.record({
        step: 'fidelity',
        codec: codec.name,
        fates: Object.fromEntries(fixtures.map(({ id }, index) => [id, cells[index]])),
      })
    const silent = (index: number) => fates[index]?.cells.filter((cell) => cell === 'changed').length ?? Number.NaN
    const costs = await measure(lab)
    return {
      headline: {
        value: `${silent(0)} : ${Math.max(...[1, 2, 3, 4].map(silent))}`,
        label: text(
          `kinds of values, of ${fixtures.length}, changed silently: JSON.stringify against the codecs`,
          `가지 값이 ${fixtures.length}가지 중 말없이 바뀜: JSON.stringify 대 코덱들`,
        ),
      },
      checks: [
        ...fates.map(({ codec, cells }) =>
          counted(
            text(
              `${codec.name}: same, changed, refused, unreadable`,
              `${codec.name}: 그대로, 바뀜, 거절, 읽을 수 없음`,
            ),
            summary(cells),
            summary(expectedFates(codec)),
          ),
        ),
        ...fates.map(({ codec, cells }) =>
          counted(
            text(`${codec.name}: each value as expected`, `${codec.name}: 값마다 예상대로`),
            cells.filter((cell, index) => cell === expectedFates(codec)[index]).length,
            fixtures.length,
          ),
        ),
        counted(
          text('not readable in redis-cli', 'redis-cli에서 읽을 수 없음'),
          codecs.filter((codec) => !isReadable(codec)).map(({ name }) => name),
          ['v8'],
        ),
      ],
      observations: costs
        .filter(({ kilobytes }) => kilobytes === 1)
        .map(({ codec, spread }) => ({
          what: text(`${codec}, 1 KB: there and back, µs`, `${codec}, 1 KB: 왕복, µs`),
          value: spread,
        })),
      pictures: [fidelityPicture(fates), ...costPictures(costs)],
    }
  },
}

function expectedFates({ name }: Codec): Fate[] {
  return fixtures.map(({ id }) =>
    expected[name]?.changed?.includes(id) ? 'changed' : expected[name]?.refused?.includes(id) ? 'refused' : 'same',
  )
}

const summary = (cells: readonly Fate[]) => kinds.map((kind) => cells.filter((cell) => cell === kind).length)

/** Whether `redis-cli` shows the value as text: printable characters only. */
function isReadable(codec: Codec): boolean {
  return /^[\x20-\x7e]+$/.test(Buffer.from(codec.encode(cartOfSize(1000))).toString('latin1'))
}

interface Cost {
  readonly codec: string
  readonly kilobytes: number
  readonly bytes: number
  readonly microseconds: number
  readonly spread: string
}

/** Bytes once, for they are always the same; time in turns, the codecs one after another. */
async function measure(lab: Lab): Promise<Cost[]> {
  const names = codecs.map(({ name }) => name)
  const costs: Cost[] = []
  for (const kilobytes of sizes) {
    const value = cartOfSize(kilobytes * 1000)
    const rounds: Record<string, number>[] = []
    while (rounds.length < lab.repeats)
      rounds.push(
        await inTurns(names, rounds.length, async (name) =>
          timeOf(codecNamed(name), value, lab.size({ quick: 2000, full: 20_000 }) / kilobytes),
        ),
      )
    const timesOf = ({ name }: Codec) => rounds.map((times) => times[name] ?? Number.NaN)
    for (const codec of codecs) {
      const cost = {
        codec: codec.name,
        kilobytes,
        bytes: codec.encode(value).byteLength,
        microseconds: median(timesOf(codec)),
        spread: withSpread(timesOf(codec)),
      }
      lab.record({ step: 'cost', ...cost, times: timesOf(codec) })
      costs.push(cost)
    }
    lab.signal.throwIfAborted()
  }
  return costs
}

function codecNamed(name: string): Codec {
  const codec = codecs.find((candidate) => candidate.name === name)
  prove(codec, `there is a codec ${name}`)
  return codec
}

function timeOf(codec: Codec, value: unknown, times: number): number {
  const began = performance.now()
  for (let index = 0; index < times; index++) codec.decode(codec.encode(value))
  return ((performance.now() - began) * 1000) / times
}

function fidelityPicture(fates: readonly { codec: Codec; cells: Fate[] }[]) {
  return matrix({
    id: 'fidelity',
    title: text('What comes back from the store', '저장소에서 돌아오는 것'),
    caption: text(
      'A tick is the same value; the unequal sign is another value without a word; the barred circle is an error when it is saved, the exclamation mark one when it is read.',
      '체크는 같은 값, ≠는 말없이 달라진 값, ⊘는 저장할 때의 오류, !는 읽을 때의 오류입니다.',
    ),
    looks,
    rowTitle: text('value', '값'),
    columns: fixtures.map(({ name }): Text | string => name),
    rows: fates.map(({ codec, cells }) => ({ name: codec.name, cells })),
  })
}

/** Bytes and time, each against `JSON.stringify` for the same cart in the same run. */
function costPictures(costs: readonly Cost[]) {
  const control = (kilobytes: number) =>
    costs.find((cost) => cost.kilobytes === kilobytes && cost.codec === rawJson.name)
  const against = (of: (cost: Cost) => number, label: (cost: Cost) => string) =>
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
        ({ microseconds }) => microseconds,
        ({ microseconds }) => `${formatNumber(microseconds)} µs`,
      ),
    }),
  ]
}
