import type { Words } from './words-type.ts'

/** The pages in English. */
export const en: Words = {
  language: 'en',
  refusals: {
    'field-missing': {
      title: 'A value is missing',
      detail: 'Give {name} in the query, as in ?{name}=…; a POST may bring it in a form instead.',
    },
    'field-repeated': { title: 'A value came more than once', detail: '{name} came {count} times; give it once.' },
    'field-length': { title: 'A value has the wrong length', detail: '{name} takes 1 to {max} characters.' },
    'field-milliseconds': {
      title: 'A duration is not allowed',
      detail: '{name} takes whole milliseconds from 0 to {max}.',
    },
    'not-utf8': {
      title: 'A value is not UTF-8',
      detail: 'After percent-decoding, the bytes must be UTF-8; %FF, for one, is not.',
    },
    'bad-request': { title: 'The request cannot be read', detail: '{reason}' },
    'no-such-page': {
      title: 'There is no such page',
      detail: 'Server {node} answers nothing at {path}. GET / lists what it does.',
    },
    'method-not-allowed': { title: 'Wrong method', detail: '{path} takes {allow} only.' },
    'cart-full': { title: 'The cart is full', detail: 'A cart holds {max} items.' },
    'session-ended': {
      title: 'The session ended meanwhile',
      detail: 'Another request ended it while this one was under way; it stays ended, and nothing was saved.',
    },
    'write-conflict': {
      title: 'Too many writers at once',
      detail: 'The value changed at every attempt. Nothing was saved; try again.',
    },
    'too-large': { title: 'Too large', detail: 'What was sent is larger than this server takes.' },
    'body-type': {
      title: 'The body has an unknown type',
      detail: 'Send application/x-www-form-urlencoded, or put the values in the query.',
    },
    'value-refused': { title: 'The value would not come back as it is', detail: '{reason}' },
    'store-unavailable': {
      title: 'The session store does not answer',
      detail: 'Server {node} is well, but cannot reach the sessions. Nothing was lost; try again in a moment.',
    },
    'store-refused': {
      title: 'The session store refused the change',
      detail: '{reason}. Server {node} and the store are well, and what was saved before can be read. Try again later.',
    },
    'server-error': { title: 'Something went wrong', detail: 'Server {node} has logged it.' },
  },
  missing: {
    'no-cookie': {
      title: 'No session cookie came',
      detail:
        'The request carried no {cookie} cookie, so server {node} cannot know whose session to look for. Nothing was looked up.',
    },
    'malformed-cookie': {
      title: 'The cookie is no session id',
      detail: '{cookie} does not have the shape of an id that this cluster gives out. Nothing was looked up.',
    },
    'unknown-session': {
      local: {
        title: 'Server {node} does not know this session',
        detail:
          'The memory of server {node} holds no session for {cookie}={masked}. In local mode a server knows only the sessions that were made on it; another server may have this one, or it has ended.',
      },
      sticky: {
        title: 'Server {node} does not know this session',
        detail:
          'The memory of server {node} holds no session for {cookie}={masked}. In sticky mode it lives on the server that made it: if that server still runs, only the balancer finds the way there; if it died, the session died with it.',
      },
      clustered: {
        title: 'Redis does not know this session',
        detail:
          'Server {node} asked Redis, which all servers share, and there is no session for {cookie}={masked}. It has ended or expired, or it was never made.',
      },
      hybrid: {
        title: 'Redis does not know this session',
        detail:
          'Server {node} does not have it in memory and asked Redis, which all servers share: there is no session for {cookie}={masked}. It has ended or expired, or it was never made.',
      },
    },
    'expired-session': {
      title: 'The session has expired',
      detail: 'Server {node} found the session of {cookie}={masked}, but its time is over.',
    },
    'no-attribute': {
      title: 'The session holds no {attribute}',
      detail: 'Server {node} found the session of {cookie}={masked}, but nothing was saved in it as {attribute}.',
    },
  },
  advice: {
    'no-cookie':
      'Save something first: /set?q=password. A browser keeps the cookie by itself; curl does with -c jar -b jar.',
    'malformed-cookie': 'Delete the cookie, then save something: /set?q=password.',
    'unknown-session': {
      local:
        'Ask the server on which you saved it, or start it in MODE=clustered, where all servers know all sessions.',
      sticky: 'Go through the balancer, not to a server’s own port. MODE=clustered keeps sessions when a server dies.',
      clustered: 'Save something again: /set?q=password makes a new session that every server knows.',
      hybrid: 'Save something again: /set?q=password makes a new session that every server knows.',
    },
    'expired-session': 'Save something again: /set?q=password makes a new session.',
    'no-attribute':
      'Save it first: q with /set?q=password, the cart with POST /cart/add?item=apple, the counter with POST /counter.',
  },
  modes: {
    local: {
      name: 'Local',
      lesson: 'Each server keeps the sessions made on it in its own memory. The next server knows nothing of them.',
      place: 'the memory of server {node}',
      tries: [
        'Save a value here, then read it on another server. It will not be there.',
        'Save a value there too, and come back: your cookie was overwritten, and this server has lost you.',
        'Read ten times through the balancer and watch which server finds it.',
      ],
    },
    sticky: {
      name: 'Sticky',
      lesson: 'Sessions still live in one server’s memory, but the balancer sends each client back to the same server.',
      place: 'the memory of server {node}',
      tries: [
        'Open this page through the balancer, save a value, and read it ten times: always the same server.',
        'Read it on another server’s own port: without the balancer nobody takes you to your session.',
        'Stop the server that answers you, and read once more.',
      ],
    },
    clustered: {
      name: 'Clustered',
      lesson: 'All servers keep sessions in one Redis. Any server serves any client, and a server may die.',
      place: 'Redis',
      tries: [
        'Save a value here, then read it on another server. It is there.',
        'Read ten times through the balancer: the servers take turns, and all of them know you.',
        'Look at your session in Redis with the line above.',
      ],
    },
    hybrid: {
      name: 'Hybrid',
      lesson:
        'Sessions lie in Redis, and the server that you come back to has yours in its memory, too. A server may die.',
      place: 'Redis, and the memory of server {node}',
      tries: [
        'Save a value, wait two seconds and read it twice through the balancer: the second answer did not ask Redis.',
        'Read it on another server’s own port: it is there, too.',
        'Stop the server that answers you, and read once more: nothing is lost.',
      ],
    },
  },
  chain: {
    heading: 'What happened',
    cookieAbsent: 'No {cookie} cookie came',
    cookieMalformed: '{cookie} came, but is no id',
    cookiePresent: '{cookie}={masked} came',
    lookedMemory: 'Server {node} looked in its own memory',
    lookedRedis: 'Server {node} asked Redis',
    lookedNowhere: 'Server {node} had nothing to look for',
    foundNoSession: 'No such session there',
    foundExpired: 'The session’s time is over',
    foundNoAttribute: 'A session, but no {attribute} in it',
  },
  labels: {
    node: 'server',
    cookie: 'cookie',
    none: 'none',
    malformed: 'malformed',
    why: 'why',
    next: 'next',
    talking: 'This page comes from',
    youAre: 'Server {node}',
    sessionHeading: 'Your session, as server {node} sees it',
    atLoad: 'as it was when this page was made',
    again: 'Look again',
    created: 'Made',
    accessed: 'Last used before',
    user: 'User',
    anonymous: 'not logged in',
    storedAt: 'Key in Redis',
    lookUp: 'See it in Redis',
    copy: 'Copy',
    copied: 'Copied',
    found: 'Found',
    noSession: 'No session',
    tryHeading: 'Try it',
    tryNote: 'Each button sends one real request to the address in your browser.',
    attribute: 'A value',
    save: 'Save',
    read: 'Read',
    readTen: 'Read 10 times',
    value: 'Value (q)',
    login: 'Log in',
    logout: 'Log out',
    name: 'Name',
    cart: 'Cart',
    item: 'Item',
    add: 'Add',
    show: 'Show',
    counter: 'Counter',
    plusOne: 'Add one',
    answers: 'Answers',
    answersNote: 'The newest first, each with the server that answered.',
    noAnswers: 'Nothing sent yet.',
    clear: 'Clear',
    thenHeading: 'Three things to try',
    start: 'To the start page',
    skip: 'Skip to the forms',
    language: 'Language',
    whoami: 'Who am I?',
    attributes: 'Holds',
    unreachable: 'no answer',
    sessionIn: 'Sessions live in',
    neighbours: 'The same page from',
    balancer: 'Balancer',
  },
}
