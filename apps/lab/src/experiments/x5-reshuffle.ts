import { cookieAffinity, createBalancer, type PickKey, policies, type Upstream } from '@session-cluster/balancer'
import { integer, type Random } from '@session-cluster/visitor'
import { experiment, type Lab, prove } from '../experiment.ts'
import type { History } from '../history.ts'
import { text } from '../language.ts'
import { bars } from '../pictures/bars.ts'
import { counted, ratio } from '../verdict.ts'

const contenders = ['address-hash', 'consistent-hash', 'cookie'] as const
type Contender = (typeof contenders)[number]

/** Where each client was sent before and after the fourth server came: a letter each, in the order of the addresses. */
interface PlacedRow {
  readonly step: 'placed'
  readonly name: Contender
  readonly before: string
  readonly after: string
}

/** X5: how many clients change servers when a fourth one is added, by how the balancer remembers them. `secrets` is for the test in which the balancer forgets. */
export const reshuffle = (
  secrets: readonly [string, string] = ['the lab compares two pools', 'the lab compares two pools'],
) =>
  experiment<PlacedRow>({
    id: 'X5',
    on: 'parts',
    title: text(
      'Adding a server moves few clients, if the balancer is chosen well',
      '기억하는 방법을 잘 고르면, 서버를 더해도 옮겨 가는 사용자는 적다',
    ),
    says: text(
      'When a server is added, sticky clients should stay where their sessions are.',
      '서버를 더해도 sticky 사용자는 자기 세션이 있는 곳에 머물러야 합니다.',
    ),
    steps: text(
      'Client addresses from the seed, 100,000 of them, are given to three upstreams by the balancer’s own policies; a fourth is added, and everyone is asked again. Only the policies are asked: no process is started and no request sent.',
      '시드로 만든 클라이언트 주소 100,000개를 로드 밸런서의 정책으로 세 서버에 나눕니다. 네 번째 서버를 더하고 다시 묻습니다. 정책 함수만 부르며, 프로세스를 띄우거나 요청을 보내지 않습니다.',
    ),
    expected: text(
      'address modulo N: about 75 % move; consistent hash: about 25 %; affinity cookie: none',
      '주소 해시(modulo): 약 75 %가 옮김. 일관 해시: 약 25 %. 서버 고정 쿠키: 0',
    ),
    limits: text(
      'Addresses are evenly random here; behind one company’s gateway thousands of users have one address.',
      '여기서는 주소가 고르게 무작위입니다. 한 회사의 게이트웨이 뒤에서는 수천 명이 주소 하나를 씁니다.',
    ),
    async run(lab) {
      const addresses = clientAddresses(lab.random('addresses'), 100_000)
      for (const name of contenders) lab.record({ step: 'placed', name, ...placed(lab, name, addresses, secrets) })
    },
    judge(history) {
      const moved = (name: Contender) => movedIn(history, name)
      const share = (flags: readonly boolean[]) => flags.filter(Boolean).length / flags.length
      const tenths = (name: Contender) =>
        Array.from({ length: 10 }, (_, tenth) => share(moved(name).filter((_, index) => index % 10 === tenth)))
      const percent = (name: Contender) => 100 * share(moved(name))
      return {
        headline: {
          value: contenders.map((name) => `${Math.round(percent(name))} %`).join(' · '),
          label: text(
            'of the clients change servers: address modulo, consistent hash, affinity cookie',
            '서버를 옮긴 클라이언트: 주소 해시(modulo), 일관 해시, 서버 고정 쿠키',
          ),
        },
        checks: [
          ratio(
            text('address modulo N: share that moved, of each tenth', '주소 해시(modulo): 옮긴 비율, 10분의 1마다'),
            tenths('address-hash'),
            { atLeast: 0.73, atMost: 0.77 },
            { random: history.random('modulo') },
          ),
          ratio(
            text('consistent hash: share that moved, of each tenth', '일관 해시: 옮긴 비율, 10분의 1마다'),
            tenths('consistent-hash'),
            { atLeast: 0.23, atMost: 0.27 },
            { random: history.random('consistent') },
          ),
          counted(
            text('affinity cookie: clients that moved', '서버 고정 쿠키: 옮긴 클라이언트'),
            moved('cookie').filter(Boolean).length,
            0,
          ),
        ],
        observations: [],
        pictures: [picture(percent)],
      }
    },
  })

function clientAddresses(random: Random, count: number): string[] {
  const made = new Set<string>()
  while (made.size < count) made.add([10, integer(random, 256), integer(random, 256), integer(random, 256)].join('.'))
  return [...made]
}

const upstream = (name: string, index: number) => ({ name, url: `http://127.0.0.1:${9000 + index}` })
const requestFrom = (address: string, cookie?: string): PickKey => ({
  method: 'GET',
  path: '/get',
  address,
  header: (name) => (name === 'cookie' ? cookie : undefined),
})

/** Builds two balancers that never listen, one with three upstreams and one with four, and asks them of each client. */
function placed(lab: Lab, name: Contender, addresses: readonly string[], [first, second]: readonly [string, string]) {
  const three = createBalancer({ upstreams: ['a', 'b', 'c'].map(upstream) }).pool
  const four = createBalancer({ upstreams: ['a', 'b', 'c', 'd'].map(upstream) }).pool
  const policy = policies[name === 'cookie' ? 'round-robin' : name]
  const options = { random: lab.random(name), hash: { on: 'address' as const, loadFactor: Number.POSITIVE_INFINITY } }
  const [before, after] = [policy(options), policy(options)]
  const [gives, reads] = [cookieAffinity({ secret: first }), cookieAffinity({ secret: second })]
  const places = { before: '', after: '' }
  for (const address of addresses) {
    const home = picked(before(three.all, requestFrom(address)))
    const cookie = name === 'cookie' ? gives.cookieFor(home, false)?.split(';')[0] : undefined
    const pinned = cookie === undefined ? undefined : reads.pinOf(requestFrom(address, cookie), four)?.upstream
    places.before += home.name
    places.after += (pinned ?? picked(after(four.all, requestFrom(address)))).name
  }
  return places
}

function movedIn(history: History<PlacedRow>, name: Contender): boolean[] {
  const row = history.of('placed').find((each) => each.name === name)
  return [...(row?.before ?? '')].map((letter, index) => row?.after[index] !== letter)
}

function picked(upstream: Upstream | undefined): Upstream {
  prove(upstream, 'a policy picks someone when all are available')
  return upstream
}

function picture(percent: (name: Contender) => number) {
  return bars({
    id: 'moved',
    title: text(
      'Clients that change servers when a fourth is added to three',
      '서버 셋에 하나를 더할 때 서버가 바뀌는 클라이언트',
    ),
    caption: text(
      'Each of them loses a session that lives in a server’s memory.',
      '서버 메모리에 있는 세션이라면, 이들은 모두 세션을 잃습니다.',
    ),
    bars: [
      { group: text('address modulo N', '주소 해시(modulo)'), series: '%', value: percent('address-hash') },
      { group: text('consistent hash', '일관 해시'), series: '%', value: percent('consistent-hash') },
      { group: text('affinity cookie', '서버 고정 쿠키'), series: '%', value: percent('cookie') },
    ],
    groupTitle: text('how clients are remembered', '기억하는 방법'),
    valueTitle: text('clients that moved, %', '옮긴 클라이언트, %'),
  })
}
