import type { Words } from './words-type.ts'

/** The pages in Korean. */
export const ko: Words = {
  language: 'ko',
  refusals: {
    'field-missing': {
      title: '값이 빠졌습니다',
      detail: '{name} 값을 쿼리(?{name}=…)로 보내 주세요. POST라면 폼으로도 됩니다.',
    },
    'field-repeated': {
      title: '같은 값이 여러 번 왔습니다',
      detail: '{name} 값이 {count}번 왔습니다. 한 번만 보내 주세요.',
    },
    'field-length': { title: '값의 길이가 맞지 않습니다', detail: '{name} 값은 1자에서 {max}자까지입니다.' },
    'field-milliseconds': {
      title: '허용되지 않는 시간입니다',
      detail: '{name} 값은 0에서 {max}까지의 정수(밀리초)입니다.',
    },
    'not-utf8': {
      title: 'UTF-8이 아닌 값입니다',
      detail: '퍼센트 인코딩을 푼 바이트가 UTF-8이어야 합니다. 예를 들어 %FF는 UTF-8이 아닙니다.',
    },
    'bad-request': { title: '요청을 읽을 수 없습니다', detail: '{reason}' },
    'no-such-page': {
      title: '없는 페이지입니다',
      detail: '서버 {node}에는 {path} 주소가 없습니다. GET / 에서 할 수 있는 일을 볼 수 있습니다.',
    },
    'method-not-allowed': {
      title: '허용되지 않는 메서드입니다',
      detail: '{path} 주소는 {allow} 요청만 받습니다.',
    },
    'cart-full': { title: '장바구니가 가득 찼습니다', detail: '장바구니에는 {max}개까지 담을 수 있습니다.' },
    'session-ended': {
      title: '그사이 세션이 끝났습니다',
      detail:
        '이 요청을 처리하는 동안 다른 요청이 세션을 끝냈습니다. 끝난 세션은 되살아나지 않으며, 아무것도 저장되지 않았습니다.',
    },
    'write-conflict': {
      title: '동시에 쓰는 요청이 너무 많습니다',
      detail: '시도할 때마다 값이 바뀌어 저장하지 못했습니다. 다시 시도해 주세요.',
    },
    'too-large': { title: '너무 큽니다', detail: '이 서버가 받을 수 있는 크기를 넘었습니다.' },
    'body-type': {
      title: '알 수 없는 형식의 본문입니다',
      detail: 'application/x-www-form-urlencoded로 보내거나 값을 쿼리에 넣어 주세요.',
    },
    'value-refused': { title: '그대로 되돌아올 수 없는 값입니다', detail: '{reason}' },
    'store-unavailable': {
      title: '세션 저장소가 응답하지 않습니다',
      detail: '서버 {node}는 정상이지만 세션 저장소에 닿지 못합니다. 유실된 것은 없습니다. 잠시 후 다시 시도해 주세요.',
    },
    'store-refused': {
      title: '세션 저장소가 변경을 거부했습니다',
      detail:
        '{reason}. 서버 {node}와 저장소는 동작 중이고 이미 저장된 값은 읽을 수 있습니다. 나중에 다시 시도해 주세요.',
    },
    'server-error': { title: '문제가 생겼습니다', detail: '서버 {node}의 로그에 남겼습니다.' },
  },
  missing: {
    'no-cookie': {
      title: '세션 쿠키가 오지 않았습니다',
      detail:
        '요청에 {cookie} 쿠키가 없어서 서버 {node}는 누구의 세션을 찾아야 할지 알 수 없습니다. 저장소는 찾아보지 않았습니다.',
    },
    'malformed-cookie': {
      title: '쿠키가 세션 ID가 아닙니다',
      detail: '{cookie} 값이 이 클러스터가 발급하는 ID의 형식이 아닙니다. 저장소는 찾아보지 않았습니다.',
    },
    'unknown-session': {
      local: {
        title: '서버 {node}는 이 세션을 모릅니다',
        detail:
          '서버 {node}의 메모리에 {cookie}={masked} 세션이 없습니다. local 모드의 서버는 자신이 만든 세션만 압니다. 다른 서버에 있거나 이미 끝난 세션입니다.',
      },
      sticky: {
        title: '서버 {node}는 이 세션을 모릅니다',
        detail:
          '서버 {node}의 메모리에 {cookie}={masked} 세션이 없습니다. sticky 모드의 세션은 만들어진 서버에만 있습니다. 그 서버가 살아 있다면 로드 밸런서를 거쳐야만 찾을 수 있고, 죽었다면 세션도 함께 없어졌습니다.',
      },
      clustered: {
        title: 'Redis에 없는 세션입니다',
        detail:
          '서버 {node}가 모든 서버가 함께 쓰는 Redis에 물었지만 {cookie}={masked} 세션이 없습니다. 끝났거나 만료되었거나 만들어진 적이 없습니다.',
      },
      hybrid: {
        title: 'Redis에 없는 세션입니다',
        detail:
          '서버 {node}의 메모리에 없어서 모든 서버가 함께 쓰는 Redis에 물었지만 {cookie}={masked} 세션이 없습니다. 끝났거나 만료되었거나 만들어진 적이 없습니다.',
      },
    },
    'expired-session': {
      title: '세션이 만료되었습니다',
      detail: '서버 {node}가 {cookie}={masked} 세션을 찾았지만 유효 시간이 지났습니다.',
    },
    'no-attribute': {
      title: '세션에 {attribute} 값이 없습니다',
      detail: '서버 {node}가 {cookie}={masked} 세션을 찾았지만 그 안에 {attribute} 값이 저장되어 있지 않습니다.',
    },
  },
  advice: {
    'no-cookie':
      '먼저 값을 저장하세요: /set?q=password. 쿠키는 브라우저가 알아서 보관하고, curl에서는 -c jar -b jar 옵션을 씁니다.',
    'malformed-cookie': '쿠키를 지우고 값을 저장하세요: /set?q=password.',
    'unknown-session': {
      local: '값을 저장했던 서버에 물어보거나, 모든 서버가 모든 세션을 아는 MODE=clustered로 시작해 보세요.',
      sticky:
        '서버의 포트로 바로 가지 말고 로드 밸런서를 거치세요. MODE=clustered에서는 서버가 죽어도 세션이 남습니다.',
      clustered: '다시 저장하세요: /set?q=password가 모든 서버가 아는 새 세션을 만듭니다.',
      hybrid: '다시 저장하세요: /set?q=password가 모든 서버가 아는 새 세션을 만듭니다.',
    },
    'expired-session': '다시 저장하세요: /set?q=password가 새 세션을 만듭니다.',
    'no-attribute':
      '먼저 저장하세요. q는 /set?q=password, 장바구니는 POST /cart/add?item=apple, 카운터는 POST /counter입니다.',
  },
  modes: {
    local: {
      name: '로컬 세션(local)',
      lesson: '서버마다 자신이 만든 세션을 자기 메모리에 둡니다. 옆 서버는 그 세션을 모릅니다.',
      place: '서버 {node}의 메모리',
      tries: [
        '여기서 값을 저장하고 다른 서버에서 읽어 보세요. 값이 없습니다.',
        '그쪽에서도 저장한 뒤 돌아와 보세요. 쿠키가 덮어써져 이 서버의 세션을 더는 찾을 수 없습니다.',
        '로드 밸런서를 통해 열 번 읽고, 어느 서버가 값을 찾는지 보세요.',
      ],
    },
    sticky: {
      name: '스티키 세션(sticky)',
      lesson: '세션은 여전히 한 서버의 메모리에 있지만, 로드 밸런서가 같은 사용자를 같은 서버로 보냅니다.',
      place: '서버 {node}의 메모리',
      tries: [
        '로드 밸런서로 이 페이지를 열어 값을 저장하고 열 번 읽어 보세요. 늘 같은 서버가 응답합니다.',
        '다른 서버의 포트로 직접 읽어 보세요. 로드 밸런서를 거치지 않으니 세션을 찾지 못합니다.',
        '응답하던 서버를 종료하고 한 번 더 읽어 보세요.',
      ],
    },
    clustered: {
      name: '세션 클러스터링(clustered)',
      lesson:
        '모든 서버가 하나의 Redis에 세션을 둡니다. 요청이 어느 서버로 가든 세션이 유지되고, 서버가 죽어도 괜찮습니다.',
      place: 'Redis',
      tries: [
        '여기서 값을 저장하고 다른 서버에서 읽어 보세요. 값이 있습니다.',
        '로드 밸런서를 통해 열 번 읽어 보세요. 서버들이 번갈아 응답하고, 모두 값을 찾습니다.',
        '위의 명령으로 Redis에 저장된 세션을 직접 보세요.',
      ],
    },
    hybrid: {
      name: '하이브리드(hybrid)',
      lesson: '세션은 Redis에 있고, 사용자가 되돌아가는 서버는 메모리에도 가지고 있습니다. 서버가 죽어도 괜찮습니다.',
      place: 'Redis와 서버 {node}의 메모리',
      tries: [
        '값을 저장하고 2초 뒤에 로드 밸런서를 통해 두 번 읽어 보세요. 두 번째는 Redis에 묻지 않습니다.',
        '다른 서버의 포트로 직접 읽어 보세요. 거기에도 값이 있습니다.',
        '응답하던 서버를 종료하고 한 번 더 읽어 보세요. 잃은 것이 없습니다.',
      ],
    },
  },
  chain: {
    heading: '무슨 일이 있었나',
    cookieAbsent: '{cookie} 쿠키가 오지 않음',
    cookieMalformed: '{cookie} 쿠키가 왔지만 ID가 아님',
    cookiePresent: '{cookie}={masked} 쿠키가 옴',
    lookedMemory: '서버 {node}가 자기 메모리를 찾아봄',
    lookedRedis: '서버 {node}가 Redis에 물어봄',
    lookedNowhere: '서버 {node}는 찾아볼 것이 없었음',
    foundNoSession: '그런 세션이 없음',
    foundExpired: '세션의 유효 시간이 지남',
    foundNoAttribute: '세션은 있지만 {attribute} 값이 없음',
  },
  labels: {
    node: '서버',
    cookie: '쿠키',
    none: '없음',
    malformed: '잘못된 형식',
    why: '이유',
    next: '다음',
    talking: '이 페이지를 보낸 서버',
    youAre: '서버 {node}',
    sessionHeading: '서버 {node}가 보는 내 세션',
    atLoad: '이 페이지를 만든 시점의 상태',
    again: '새로 고침',
    created: '생성 시각',
    accessed: '마지막 접근 시각',
    user: '사용자',
    anonymous: '로그인하지 않음',
    storedAt: 'Redis 키',
    lookUp: 'Redis에서 보기',
    copy: '복사',
    copied: '복사됨',
    found: '찾음',
    noSession: '세션 없음',
    tryHeading: '해 보기',
    tryNote: '버튼마다 브라우저 주소창의 주소로 진짜 요청을 하나 보냅니다.',
    attribute: '값',
    save: '저장',
    read: '읽기',
    readTen: '10번 읽기',
    value: '값 (q)',
    login: '로그인',
    logout: '로그아웃',
    name: '이름',
    cart: '장바구니',
    item: '상품',
    add: '담기',
    show: '보기',
    counter: '카운터',
    plusOne: '1 더하기',
    answers: '응답',
    answersNote: '최근 것부터, 응답한 서버와 함께 보여 줍니다.',
    noAnswers: '아직 보낸 요청이 없습니다.',
    clear: '지우기',
    thenHeading: '해 볼 만한 세 가지',
    start: '시작 페이지로',
    skip: '폼으로 건너뛰기',
    language: '언어',
    whoami: '나는 누구?',
    attributes: '저장된 속성',
    unreachable: '응답 없음',
    sessionIn: '세션 저장 위치',
    neighbours: '같은 페이지를 다른 곳에서',
    balancer: '로드 밸런서',
  },
}
