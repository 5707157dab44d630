import { formatNumber, type Text, text } from '../language.ts'
import type { Result } from '../results.ts'
import { both } from './both.ts'
import { html, type Markup } from './markup.ts'
import { cellName } from './table.ts'

/** What the table says besides its rows. */
export const hangsOnWords = {
  title: text('What the decision hangs on', '결정을 좌우하는 숫자'),
  about: text('about', '항목'),
  number: text('in this run', '이번 실행에서'),
  meaning: text('what follows from it', '뜻하는 것'),
  note: text(
    'Milliseconds and requests a second are those of this machine; compare them with one another, not with yours.',
    '밀리초와 초당 요청 수는 이 기계의 것입니다. 서로 비교하되, 다른 기계와 비교하지 마세요.',
  ),
} as const

interface Row {
  readonly about: Text
  readonly number: Text
  readonly meaning: Text
  readonly from: readonly string[]
}

/** How 1,000 users are taken to behave: what turns bytes and commands into a size to buy. */
const users = 1000
const secondsPerPage = 10
const writesPerPage = 0.1
/** How much of the time each part is up: assumed. */
const availability = 0.999

type Figures = Readonly<Record<string, number>>

/** The rows for which this run has every figure. */
export function hangsOnRows(results: readonly Result[]): Row[] {
  const of = (id: string): Figures | undefined => {
    const result = results.find((each) => each.id === id)
    return result?.verdict === 'holds' || result?.verdict === 'inconclusive' ? (result.figures ?? undefined) : undefined
  }
  return [
    latency(of('X11')),
    throughput(of('C0')),
    failover(of('C4'), of('C5'), of('X12'), of('X2'), of('X3')),
    memory(of('X7'), of('C6')),
    inSeries(),
  ].flatMap((row) => (row ? [row] : []))
}

const same = (words: string) => text(words, words)
/** No failed request at all is no window. */
const window = (figures: Figures, language: 'en' | 'ko') =>
  figures.failoverErrors === 0 ? { en: 'not at all', ko: '없음' }[language] : ms(figures.failoverMs)
const ms = (value: number | undefined) => `${formatNumber(Math.round(value ?? Number.NaN))} ms`

function latency(x11: Figures | undefined): Row | undefined {
  if (!x11) return undefined
  const choices = [
    ['sticky', text('sticky', 'sticky')],
    ['haproxy', text('sticky behind HAProxy', 'sticky(HAProxy)')],
    ['clustered', text('clustered', 'clustered')],
    ['hybrid', text('hybrid', 'hybrid')],
    ['cookie', text('in the cookie', '쿠키')],
  ] as const
  const there = choices.filter(([name]) => x11[`${name}P50`] !== undefined)
  const percents = [50, 95, 99, 99.9].filter((percent) =>
    there.every(([name]) => x11[`${name}P${percent}`] !== undefined),
  )
  const said = (language: 'en' | 'ko') =>
    there
      .map(
        ([name, title]) =>
          `${title[language]} ${percents.map((percent) => formatNumber(x11[`${name}P${percent}`] ?? Number.NaN)).join(' / ')}`,
      )
      .join('; ')
  const named = percents.map((percent) => `p${percent}`).join(' / ')
  return {
    about: text(`a read under load, ${named} in ms`, `부하 중 읽기, ${named} (ms)`),
    number: text(said('en'), said('ko')),
    meaning: text(
      'All of them share this machine with one another and with whatever else ran on it: compare the middles, and believe them only of a quiet machine. What the store adds is counted exactly in C6.',
      '모두 이 기계를 서로, 그리고 함께 돌던 다른 일과 나눠 썼습니다. p50을 비교하되 조용한 기계에서 잰 것만 믿으세요. 저장소가 더하는 것은 C6이 정확히 셉니다.',
    ),
    from: ['X11'],
  }
}

function throughput(c0: Figures | undefined): Row | undefined {
  if (!c0) return undefined
  const numbers = ['one', 'two', 'three'].map((name) => formatNumber(c0[`${name}PerSecond`] ?? Number.NaN)).join(' / ')
  return {
    about: text(
      `requests answered a second by 1 / 2 / 3 servers, of ${c0.offeredPerSecond} that come`,
      `서버 1 / 2 / 3대가 초당 답한 요청(도착 ${c0.offeredPerSecond}개)`,
    ),
    number: same(numbers),
    meaning: text(
      'Until what comes is served, each server adds what it can do; more than that only shortens the wait.',
      '오는 것을 다 처리할 때까지는 서버마다 그만큼 늘고, 그 뒤로는 대기만 줄어듭니다.',
    ),
    from: ['C0'],
  }
}

function failover(
  c4: Figures | undefined,
  c5: Figures | undefined,
  x12: Figures | undefined,
  x2: Figures | undefined,
  x3: Figures | undefined,
): Row | undefined {
  if (!c4 || !c5 || !x12 || !x2 || !x3) return undefined
  return {
    about: text('how long users meet errors when a part dies', '한 부분이 죽을 때 사용자가 오류를 만나는 시간'),
    number: text(
      `a server: ${window(c4, 'en')} (sticky), ${window(c5, 'en')} (clustered); the balancer, with a second one: ${window(x12, 'en')}; Redis under Sentinel: ${ms(x2.windowMs)} without writes, each request refused within ${ms(x3.clearAnswerMs)}`,
      `서버: ${window(c4, 'ko')}(sticky), ${window(c5, 'ko')}(clustered). 로드 밸런서(둘일 때): ${window(x12, 'ko')}. Sentinel 아래의 Redis: 쓰기 없이 ${ms(x2.windowMs)}, 요청마다 ${ms(x3.clearAnswerMs)} 안에 거절`,
    ),
    meaning: text(
      'A dead server costs a moment at most either way; what differs is who has lost a session afterwards. With a second balancer each user fails once, whenever it next asks. Sentinel here calls a primary dead after 1 s; its default is 30 s.',
      '서버 하나가 죽는 것은 어느 쪽이나 길어야 잠깐입니다. 차이는 그 뒤에 세션을 잃은 사람이 있느냐입니다. 두 번째 로드 밸런서가 있으면 사용자마다 다음 요청에서 한 번 실패합니다. 여기의 Sentinel은 1초 뒤에 죽었다고 판단합니다(기본값 30초).',
    ),
    from: ['C4', 'C5', 'X12', 'X2', 'X3'],
  }
}

function memory(x7: Figures | undefined, c6: Figures | undefined): Row | undefined {
  if (!x7 || !c6) return undefined
  const mebibytes = (bytes: number | undefined) =>
    formatNumber(Math.round((10 * users * (bytes ?? Number.NaN)) / 2 ** 20) / 10)
  const pages = users / secondsPerPage
  const commands = pages * ((c6.readCommands ?? Number.NaN) + writesPerPage * ((c6.writeCommands ?? Number.NaN) - 1))
  const room = 1000 * Math.floor((256 * 2 ** 20) / (x7.RedisBytes4000 ?? Number.NaN) / 1000)
  const core = 100 * pages * ((x7.redisMicrosPerLoad ?? Number.NaN) / 1e6)
  return {
    about: text(
      `${formatNumber(users)} users with 1 kB / 4 kB, a page every ${secondsPerPage} s, a write on every tenth`,
      `사용자 ${formatNumber(users)}명, 1 kB / 4 kB 세션, ${secondsPerPage}초마다 한 페이지, 열 번에 한 번 쓰기`,
    ),
    number: text(
      `${mebibytes(x7.RedisBytes1000)} / ${mebibytes(x7.RedisBytes4000)} MiB in Redis, ${formatNumber(Math.round(commands))} commands a second, ${formatNumber(Math.round(core * 10) / 10)} % of a core for the loads`,
      `Redis에 ${mebibytes(x7.RedisBytes1000)} / ${mebibytes(x7.RedisBytes4000)} MiB, 초당 명령 ${formatNumber(Math.round(commands))}개, 읽기에 코어의 ${formatNumber(Math.round(core * 10) / 10)} %`,
    ),
    meaning: text(
      `256 MiB have room for some ${formatNumber(room)} users of 4 kB: buy a Redis for availability, not for size. Sticky needs the same memory, spread over the servers. For your own numbers: npm run lab -- size.`,
      `256 MiB에는 4 kB 사용자 약 ${formatNumber(room)}명이 들어갑니다. Redis는 크기가 아니라 가용성을 보고 고르세요. sticky도 같은 메모리를 서버에 나눠 씁니다. 직접 계산하려면 npm run lab -- size.`,
    ),
    from: ['X7', 'C6'],
  }
}

/** No measurement: arithmetic, with its assumption beside it. */
function inSeries(): Row {
  const percent = (value: number) => `${(100 * value).toFixed(4).replace(/0+$/, '')} %`
  const hours = (value: number) => formatNumber(Math.round((1 - value) * 8760 * 10) / 10)
  const pair = 1 - (1 - availability) ** 2
  const sticky = pair * pair
  const single = sticky * availability
  const replicated = sticky * pair
  return {
    about: text(
      `parts in a row, each up ${percent(availability)} of the time (assumed, not measured)`,
      `차례로 거치는 부분, 저마다 가용성 ${percent(availability)}(가정이며 잰 값이 아님)`,
    ),
    number: text(
      `two balancers, two servers: ${percent(sticky)}; and one Redis: ${percent(single)} (${hours(single)} h down a year); and a replicated Redis: ${percent(replicated)}`,
      `로드 밸런서 둘, 서버 둘: ${percent(sticky)}. 거기에 Redis 하나: ${percent(single)}(한 해 ${hours(single)}시간 정지). 복제된 Redis: ${percent(replicated)}`,
    ),
    meaning: text(
      'A single Redis costs more availability than everything before it: clustered in production means a replicated one. A sticky server that dies is no outage, but its sessions are lost.',
      'Redis 하나가 앞의 모든 부분보다 가용성을 더 깎습니다. 운영에서 clustered는 복제된 Redis를 뜻합니다. sticky 서버가 죽는 것은 장애는 아니지만 그 세션은 사라집니다.',
    ),
    from: [],
  }
}

/** The table as a part of the page; nothing when this run has none of the numbers. */
export function hangsOn(results: readonly Result[]): Markup | undefined {
  const rows = hangsOnRows(results)
  if (rows.length < 2) return undefined
  const words = hangsOnWords
  const grounds = (from: readonly string[]) => from.map((id) => html`<a href="#${id}">${id}</a> `)
  const body = rows.map(
    ({ about, number, meaning, from }) =>
      html`<tr><th scope="row">${both(about)} <span class="ground">${grounds(from)}</span></th><td>${cellName(words.number)}<b>${both(number)}</b></td><td>${cellName(words.meaning)}${both(meaning)}</td></tr>`,
  )
  const head = [words.about, words.number, words.meaning].map((title) => html`<th scope="col">${both(title)}</th>`)
  return html`<section class="cover decision" id="hangs-on"><h2>${both(words.title)}</h2><div class="scroll" tabindex="0"><table class="choices"><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div><p>${both(words.note)}</p></section>`
}
