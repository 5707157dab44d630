import { text } from '../language.ts'
import { bars } from '../pictures/bars.ts'
import { heatmap } from '../pictures/heatmap.ts'
import { lines } from '../pictures/lines.ts'
import { matrix } from '../pictures/matrix.ts'
import type { Picture } from '../pictures/picture.ts'
import { shareArea } from '../pictures/share-area.ts'
import { sharesPicture } from '../pictures/shares.ts'
import { strip } from '../pictures/strip.ts'
import { timeline } from '../pictures/timeline.ts'
import type { Report, Result } from '../results.ts'
import { counted } from '../verdict.ts'

const words = (id: string) => ({
  id,
  title: text(`Picture ${id}`, `그림 ${id}`),
  caption: text('What there is to see.', '볼 것.'),
})
const killed = [{ atMs: 500, name: text('b killed', 'b 강제 종료') }]
const moments = Array.from({ length: 210 }, (_, index) => ({
  atMs: index * 10,
  outcome: index < 50 ? ('found' as const) : ('lost' as const),
}))

/** One picture of each kind, with invented numbers: for tests of how they are drawn. */
export const examplePictures: readonly Picture[] = [
  bars({
    ...words('bars'),
    bars: [
      { group: text('one', '하나'), series: 'x', value: 3 },
      { group: 'two', series: 'x', value: 5 },
    ],
    groupTitle: 'case',
    valueTitle: 'ms',
  }),
  bars({
    ...words('bars-grouped'),
    bars: ['x', 'y'].map((series, index) => ({ group: '1 KB', series, value: index + 2, label: `${index} B` })),
    groupTitle: 'size',
    valueTitle: 'bytes',
  }),
  heatmap({
    ...words('heatmap'),
    columns: ['1', '2', '3'],
    rows: ['a', 'b'],
    columnTitle: 'user',
    rowTitle: 'node',
    count: (row, column) => (row === 'a' ? Number(column) : 0),
  }),
  lines({
    ...words('lines'),
    points: ['read', 'write'].flatMap((series, index) =>
      [0, 1, 5].map((x) => ({ series, x, y: x * (index + 1), low: x, high: x * 3 })),
    ),
    x: { title: 'delay' },
    y: { title: 'ms' },
  }),
  lines({
    ...words('lines-ticks'),
    points: [0, 1].map((x) => ({ series: 'all', x, y: x + 1 })),
    x: {
      title: 'percentile',
      ticks: [
        { at: 0, label: 'p50' },
        { at: 1, label: 'p99' },
      ],
    },
    y: { title: 'ms', logarithmic: true },
  }),
  matrix({
    ...words('matrix'),
    looks: {
      yes: { mark: '✓', color: 'var(--found)', name: text('yes', '예') },
      no: { mark: '✗', color: 'var(--lost)', name: text('no', '아니요') },
    },
    columns: ['Date', 'Map', 'Set'],
    rows: ['json', 'v8'].map((name) => ({ name, cells: ['no', 'yes', 'yes'] as const })),
    rowTitle: 'codec',
  }),
  shareArea({
    ...words('share-area'),
    answers: moments.map(({ atMs }, index) => ({ atMs, node: 'abc'.charAt(index % 3) })),
    events: killed,
    binMs: 100,
  }),
  sharesPicture({
    ...words('shares'),
    splits: [
      { group: 'sticky', counts: { a: 0, b: 9, c: 0 } },
      { group: 'clustered', counts: { a: 3, b: 3, c: 3 } },
    ],
  }),
  strip({
    ...words('strip'),
    rows: [
      {
        name: text('one jar', '저장소 하나'),
        cells: [
          { outcome: 'found', on: 'a' },
          { outcome: 'miss', on: 'b' },
        ],
      },
    ],
  }),
  timeline({
    ...words('timeline'),
    lanes: [
      { name: 'redispatch', moments, events: killed },
      { name: text('strict', '엄격'), moments, events: killed },
    ],
    binMs: 100,
  }),
]

const base = {
  title: text('A claim', '주장'),
  says: text('It is said <so> & so.', '그렇다고 <한다>.'),
  steps: text('One, two.', '하나, 둘.'),
  expected: text('Three.', '셋.'),
  limits: text('One machine.', '한 기계.'),
}
const checks = [counted(text('sessions lost', '유실된 세션'), 30, 30)]

function example(id: Result['id'], verdict: Result['verdict'], pictures: readonly Picture[]): Result {
  const headline = { value: '30 / 30', label: text('sessions lost', '개 세션 유실') }
  const observations = [{ what: text('detected after, ms', '알아챈 때, ms'), value: 412 }]
  return {
    id,
    ...base,
    headline,
    checks,
    observations,
    pictures,
    verdict,
    ms: 1000,
    ...(verdict === 'could-not-run' && { error: 'no Redis' }),
  }
}

/** A report with every verdict and every kind of picture: for tests of the page. */
export const exampleReport: Report = {
  version: 2,
  command: 'npm run lab -- run all --preset quick --seed 1',
  startedAt: '2026-01-02T03:04:05.678Z',
  ms: 60_000,
  seed: 1,
  preset: 'quick',
  repeats: 5,
  durationMs: 2000,
  environment: {
    cpu: 'A processor',
    cores: 2,
    memoryBytes: 8 * 2 ** 30,
    system: 'Linux 6 x64',
    node: 'v26.0.0',
    redis: '7.0.15',
    commit: 'abcdef123456',
    loadPerCore: 0.7,
  },
  asked: 4,
  results: [
    example('C1', 'holds', examplePictures.slice(0, 3)),
    example('C2', 'fails', examplePictures.slice(3, 6)),
    example('X1', 'inconclusive', examplePictures.slice(6)),
    example('X2', 'could-not-run', []),
  ],
}
