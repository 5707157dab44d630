import { type Text, text } from '../language.ts'
import type { Result } from '../results.ts'
import { both } from './both.ts'
import { html, type Markup } from './markup.ts'
import { cellName } from './table.ts'
import { endings } from './words.ts'

/** What the page of the decision says besides its table. */
export const decision = {
  title: text('Sticky, clustered or in the cookie, in plain words', 'sticky, clustered, 쿠키: 쉬운 말로'),
  question: text('when you ask', '묻는다면'),
  inCookie: text('in the cookie', '쿠키에 담기'),
  shownBy: text('shown by', '근거'),
  unsupported: text('This run does not bear it out.', '이번 실행은 이를 뒷받침하지 않습니다.'),
  advice: [
    text(
      'Take clustered when losing a session costs somebody something (a login, a cart, a form), when servers come and go (deployments, autoscaling), or when a few users can keep one server busy.',
      '세션을 잃으면 누군가 손해를 볼 때(로그인, 장바구니, 작성 중인 글), 서버가 오갈 때(배포, 자동 확장), 몇몇 사용자가 한 서버를 바쁘게 할 수 있을 때는 clustered를 고르세요.',
    ),
    text(
      'Take sticky when a lost session is made again at no cost, requests must not wait for a store, and nobody is there to operate one. Plan for the logins after a crash.',
      '잃은 세션을 쉽게 다시 만들 수 있고, 요청이 저장소를 기다려서는 안 되며, 저장소를 운영할 사람이 없을 때는 sticky를 고르세요. 서버가 죽은 뒤 몰려올 로그인에 대비하세요.',
    ),
    text(
      'Take the cookie when the session is small and holds nothing that must end at once: a logout cannot take a copied cookie back, and two requests at the same time overwrite each other.',
      '세션이 작고, 바로 끝나야 하는 것이 들어 있지 않을 때는 쿠키를 고르세요. 로그아웃해도 복사된 쿠키는 거둬들일 수 없고, 동시에 온 두 요청은 서로 덮어씁니다.',
    ),
    text(
      'Take hybrid when reads must not wait for the store and a lost session costs somebody something: each user stays on one server, which keeps a near copy of what it has read, and Redis keeps the session (X11).',
      '읽기가 저장소를 기다려서는 안 되고 세션도 잃어서는 안 될 때는 hybrid를 고르세요. 사용자는 한 서버에 머물고, 그 서버는 읽은 세션의 사본을 메모리에 두며, 세션은 Redis에 남습니다(X11).',
    ),
    text(
      'Whatever you take, everyone comes in by the balancer. Run two of them; with the same secret for the affinity cookie they agree on who belongs where (X12).',
      '무엇을 고르든 모두가 로드 밸런서를 지나 들어옵니다. 둘을 띄우세요. 서버 고정 쿠키의 비밀 값이 같으면 누가 어디에 속하는지 서로 일치합니다(X12).',
    ),
    text(
      'Local is not an option in production: users lose sight of their session even when nothing is broken (C1).',
      'local은 운영에서 선택지가 아닙니다. 아무것도 고장 나지 않아도 사용자가 세션을 찾지 못합니다(C1).',
    ),
  ],
} as const

interface Answer {
  readonly question: Text
  readonly sticky: Text
  readonly clustered: Text
  readonly cookie: Text
  /** Experiments, and what their number means here. */
  readonly grounds: readonly { readonly id: Result['id']; readonly means: Text }[]
}

const table: readonly Answer[] = [
  {
    question: text('What if a server dies?', '서버가 죽으면?'),
    sticky: text(
      'Its users lose their sessions and log in again, all at once, on the servers that are left.',
      '그 서버의 사용자는 세션을 잃고, 남은 서버에 한꺼번에 다시 로그인한다.',
    ),
    clustered: text('Nobody loses a session; the load shifts.', '아무도 세션을 잃지 않고 부하만 옮겨 간다.'),
    cookie: text('Nobody loses a session.', '아무도 세션을 잃지 않는다.'),
    grounds: [
      { id: 'C4', means: text('of its sessions lost', '그 서버의 세션 유실') },
      { id: 'C5', means: text('lost when clustered', 'clustered에서 유실') },
      { id: 'X11', means: text('lost, choice by choice', '방식마다 유실') },
      {
        id: 'X8',
        means: text(
          'waited by the others meanwhile (95\u00a0%), sticky\u00a0: clustered',
          '그동안 다른 사용자의 대기(95\u00a0%), sticky\u00a0: clustered',
        ),
      },
    ],
  },
  {
    question: text('Is the load shared?', '부하를 나누나?'),
    sticky: text(
      'As the users happen to be: one server may have all of it.',
      '사용자가 모인 대로. 한 서버가 모두 맡을 수도 있다.',
    ),
    clustered: text('Evenly, whoever is active.', '누가 활발하든 고르게.'),
    cookie: text('Evenly.', '고르게.'),
    grounds: [{ id: 'C3', means: text('of the reads on a, b, c with sticky', 'sticky에서 a, b, c의 읽기 몫') }],
  },
  {
    question: text('Can servers be added, replaced, removed?', '서버를 더하고, 바꾸고, 뺄 수 있나?'),
    sticky: text(
      'Added, yes, if a cookie remembers the server; by address most or some users move. Whoever’s server goes loses the session.',
      '쿠키로 서버를 기억하면 더할 수 있다. 주소로 나누면 대부분 또는 일부가 옮겨 간다. 서버가 빠지면 그 사용자는 세션을 잃는다.',
    ),
    clustered: text('Freely, also while users are active.', '사용자가 활동하는 동안에도 자유롭게.'),
    cookie: text('Freely; all need the same key.', '자유롭게. 모두 같은 키가 필요하다.'),
    grounds: [
      { id: 'C5', means: text('lost while servers come and go', '서버가 오가는 동안 유실') },
      { id: 'X4', means: text('requests failed in two deployments', '배포 두 번에 실패한 요청') },
      { id: 'X5', means: text('moved: by address, by hash, by cookie', '옮김: 주소, 해시, 쿠키') },
    ],
  },
  {
    question: text('What does a request cost?', '요청마다 드는 값은?'),
    sticky: text('Nothing more.', '추가 비용 없음.'),
    clustered: text(
      'One round trip to the store to read, two to write, none when the session is not used.',
      '읽을 때 저장소까지 왕복 한 번, 쓸 때 두 번, 세션을 안 쓰면 없음.',
    ),
    cookie: text(
      'The session goes over the wire with each request; about 4 kB at most.',
      '요청마다 세션이 통째로 오간다. 많아야 4 kB쯤.',
    ),
    grounds: [
      { id: 'C6', means: text('waits: untouched, read, write', '대기: 안 씀, 읽기, 쓰기') },
      { id: 'X9', means: text('writes for 100 reads', '읽기 100번에 쓰기') },
    ],
  },
  {
    question: text('What else can fail?', '또 무엇이 고장 날 수 있나?'),
    sticky: text(
      'The balancer, for everybody; nothing else that all share.',
      '로드 밸런서가 모두에게. 그 밖에 모두가 함께 쓰는 것은 없다.',
    ),
    clustered: text(
      'The balancer, just as much. And the store, for everybody: a clear error until it is back. A failover may lose the last writes, a full store may log people out.',
      '로드 밸런서가 똑같이. 그리고 저장소가 모두에게. 돌아올 때까지 분명한 오류. 장애 조치는 마지막 쓰기를 잃을 수 있고, 가득 찬 저장소는 사용자를 로그아웃시킬 수 있다.',
    ),
    cookie: text(
      'The balancer. And a logout that does not end a copied cookie.',
      '로드 밸런서. 그리고 로그아웃해도 끝나지 않는, 복사된 쿠키.',
    ),
    grounds: [
      { id: 'X3', means: text('clear errors while the store was down', '저장소가 멈춘 동안 분명한 오류') },
      {
        id: 'X2',
        means: text('confirmed and lost, without\u00a0: with WAIT', '확인받고 유실, WAIT 없이\u00a0: WAIT로'),
      },
      { id: 'X10', means: text('confirmed and lost, evicting\u00a0: refusing', '확인받고 유실, 축출\u00a0: 거절') },
    ],
  },
  {
    question: text('What has to be operated?', '무엇을 운영해야 하나?'),
    sticky: text('Memory on each server.', '서버마다의 메모리.'),
    clustered: text(
      'A store: to secure, back up, watch, upgrade and pay for. No number here shows that cost.',
      '저장소: 지키고, 백업하고, 지켜보고, 올리고, 비용을 낸다. 여기의 어떤 숫자도 그 비용을 보이지 않는다.',
    ),
    cookie: text('A key: to keep secret and to change.', '키 하나: 숨기고, 바꾼다.'),
    grounds: [
      {
        id: 'X7',
        means: text('bytes for a session of 1\u00a0/\u00a04\u00a0kB', '1\u00a0/\u00a04\u00a0kB 세션의 바이트'),
      },
    ],
  },
]

/** The rows whose every ground is in this run: a statement without its measurement is not made, one that a measurement speaks against says so. */
export function answers(results: readonly Result[]) {
  return table.flatMap((answer) => {
    const shownBy = answer.grounds.flatMap(({ id, means }) =>
      results.filter((result) => result.id === id).map((result) => ({ ...result, means })),
    )
    const supported = shownBy.every(({ verdict }) => verdict === 'holds')
    return shownBy.length === answer.grounds.length ? [{ ...answer, shownBy, supported }] : []
  })
}

/** One page: what to choose, and what in this run says so. Nothing when none of it was run. */
export function decisionCard(results: readonly Result[]): Markup | undefined {
  const rows = answers(results)
  if (rows.length === 0) return undefined
  const columns = [decision.question, 'sticky', 'clustered', decision.inCookie, decision.shownBy]
  return html`<section class="cover decision" id="decision"><h2>${both(decision.title)}</h2>
<div class="scroll" tabindex="0"><table class="choices"><thead><tr>${columns.map((column) => html`<th scope="col">${both(column)}</th>`)}</tr></thead><tbody>${rows.map(choice)}</tbody></table></div>
<ul>${decision.advice.map((each) => html`<li>${both(each)}</li>`)}</ul></section>`
}

function choice({
  question,
  sticky,
  clustered,
  cookie,
  shownBy,
  supported,
}: ReturnType<typeof answers>[number]): Markup {
  const note = !supported && html`<p class="unsupported">${both(decision.unsupported)}</p>`
  const grounds = shownBy.map(
    ({ id, verdict, headline, means }) =>
      html`<span class="ground ${verdict}"><a href="#${id}">${id}</a> ${endings[verdict].mark} <b>${both(headline.value)}</b> ${both(means)}</span>`,
  )
  return html`<tr><th scope="row">${both(question)}${note}</th><td>${cellName('sticky')}${both(sticky)}</td><td>${cellName('clustered')}${both(clustered)}</td><td>${cellName(decision.inCookie)}${both(cookie)}</td><td class="grounds">${grounds}</td></tr>`
}
