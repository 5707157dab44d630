import { type Text, text } from '../language.ts'
import type { Ending } from '../results.ts'

/** What the page itself says, apart from what the experiments say. */
export const words = {
  title: text('What the lab found', '실험실이 확인한 것'),
  again: text(
    'Each verdict is a function of its history, which lies beside this page: `npm run lab -- judge docs/report/raw/C4.ndjson.gz`.',
    '판정은 모두 이 문서 옆에 둔 기록만으로 다시 계산할 수 있습니다: `npm run lab -- judge docs/report/raw/C4.ndjson.gz`.',
  ),
  claim: text('claim', '주장'),
  tutorialSays: text('what the tutorial says', '튜토리얼의 설명'),
  usuallySaid: text('what is promised', '약속하는 것'),
  expectedBefore: text('expected before the run', '실행 전의 예상'),
  measured: text('what we measured', '측정한 것'),
  verdict: text('verdict', '판정'),
  claims: text('The tutorial’s claims', '튜토리얼의 주장'),
  further: text('What an engineer asks next', '엔지니어가 이어서 묻는 것'),
  environment: text('How this was made', '실행 조건'),
  command: text('command', '명령'),
  seed: text('seed', '시드'),
  preset: text('preset', '프리셋'),
  repeats: text('repeats of a ratio', '비율의 반복 횟수'),
  machine: text('machine', '기계'),
  memory: text('memory', '메모리'),
  system: text('system', '운영 체제'),
  commit: text('commit', '커밋'),
  startedAt: text('started', '시작'),
  took: text('took', '걸린 시간'),
  load: text('CPU in use before, 0 to 1', '시작 전 CPU 사용률, 0–1'),
  busy: text('The machine was busy: ratios may be wide.', '기계가 바빴습니다: 비율의 폭이 넓을 수 있습니다.'),
  steps: text('steps', '절차'),
  expected: text('expected', '예상'),
  question: text('question', '질문'),
  kind: text('kind', '종류'),
  count: text('count', '횟수'),
  presence: text('presence', '유무'),
  ratio: text('ratio', '비율'),
  observed: text(
    'Also seen, different in every run, part of no verdict',
    '함께 관찰한 것: 실행마다 다르며 판정에 쓰지 않음',
  ),
  observation: text('observation', '관찰'),
  value: text('value', '값'),
  numbers: text('The same as a table', '같은 내용을 표로'),
  swipe: text('↔ swipe to see the rest', '↔ 옆으로 밀면 나머지가 보입니다'),
  limits: text('What this cannot show', '이 실험이 보일 수 없는 것'),
  contents: text('Contents', '차례'),
  theme: text('Light or dark', '밝게 또는 어둡게'),
  why: text('Why there is no verdict', '판정이 없는 까닭'),
  stopped: text('stopped before it had an answer', '답이 나오기 전에 멈춤'),
  howToRead: text('How to read the verdicts', '판정을 읽는 법'),
} satisfies Record<string, Text>

/** Name and mark of each ending. */
export const endings: Record<Ending, { readonly mark: string; readonly name: Text }> = {
  holds: { mark: '✓', name: text('holds', '참') },
  fails: { mark: '✗', name: text('fails', '거짓') },
  inconclusive: { mark: '?', name: text('inconclusive', '불확실') },
  'could-not-run': { mark: '!', name: text('could not run', '실행 못 함') },
  interrupted: { mark: '–', name: text('interrupted', '중단됨') },
}

/** How verdicts come about. */
export const reading: readonly Text[] = [
  text(
    'A count is exact: the same seed gives the same count in every run, and one more or less is a failure. A presence asks only whether there was one: how many (“here: 56 of 103”) differs from run to run and decides nothing.',
    '횟수는 정확합니다. 같은 시드는 언제나 같은 횟수를 주며, 하나라도 다르면 거짓입니다. 유무는 하나라도 있었는지만 봅니다. 몇 개인지(“이번: 103 중 56”)는 실행마다 다르며 판정에 쓰지 않습니다.',
  ),
  text(
    'A ratio compares two things within one run, taken in turns several times; it holds when the whole interval of its median lies within the bound. Where the bound cuts through the interval, twice as many rounds are taken, twice at most, and judged more strictly (99 % instead of 95 %); if it still does, the answer is inconclusive, as it is with fewer than five rounds. No verdict rests on milliseconds.',
    '비율은 한 번의 실행 안에서 두 가지를 번갈아 여러 번 재어 비교합니다. 중앙값의 구간이 모두 기준 안에 있으면 참입니다. 기준이 구간을 가로지르면 두 배로, 많아야 두 번 더 재고 더 엄격하게(95 % 대신 99 %) 판정하며, 그래도 가로지르거나 다섯 번보다 적게 쟀으면 불확실입니다. 밀리초의 절댓값으로는 판정하지 않습니다.',
  ),
  text(
    'Small print beside a number: n is how often it was taken, 95 % (or 99 %) how sure the interval of its median is. “(n = 5: 1 … 3)” is the range of all five. A count has no spread.',
    '숫자 옆 작은 글씨: n은 잰 횟수, 95 %(또는 99 %)는 중앙값의 구간이 얼마나 확실한지입니다. “(n = 5: 1 … 3)”은 다섯 번 모두의 범위입니다. 횟수에는 폭이 없습니다.',
  ),
  text(
    'Miss: a live cookie, and this server does not know its session. Lost: no server knows it any more. Error: a 5xx or a timeout. The three are counted apart, by a token that each user keeps and each session holds.',
    '여기 없음: 쿠키는 살아 있으나 이 서버가 그 세션을 모름. 유실: 어느 서버도 더는 모름. 오류: 5xx 또는 시간 초과. 셋은 사용자와 세션이 함께 지닌 토큰으로 따로 셉니다.',
  ),
]

/** What the whole report is unable to say. */
export const limits: readonly Text[] = [
  text(
    'All processes shared one machine. The network between real machines, its losses and its partitions, is not in these numbers: the hop to the store was lengthened by a proxy, and servers contend for the same cores.',
    '모든 프로세스가 한 기계를 나눠 썼습니다. 실제 기계 사이의 네트워크와 그 손실, 단절은 이 숫자에 없습니다. 저장소까지의 거리는 프록시로 늘렸고, 서버들은 같은 코어를 두고 다툽니다.',
  ),
  text(
    'A store is one more thing to operate: to secure, back up, watch, upgrade and pay for. The tutorial says so, and no experiment here can put a number on it.',
    '저장소는 운영할 것이 하나 늘어난다는 뜻입니다. 지키고, 백업하고, 지켜보고, 올리고, 비용을 내야 합니다. 튜토리얼도 그렇게 말하며, 여기의 어떤 실험도 그 비용을 숫자로 보일 수 없습니다.',
  ),
  text(
    'Redis ran alone except in X2. What its replicas cost, and how often they fail over, depends on where they run.',
    'X2 말고는 Redis가 혼자 돌았습니다. 복제본의 비용과 장애 조치의 빈도는 운영하는 곳에 달려 있습니다.',
  ),
  text(
    'Users were made by a seed. Real users arrive in bursts, stay for different times and do different things.',
    '사용자는 시드로 만들어졌습니다. 실제 사용자는 몰려오고, 머무는 시간도 하는 일도 저마다 다릅니다.',
  ),
]
