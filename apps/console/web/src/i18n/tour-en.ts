/** The tour's sentences in English. `{user}` is the user whom a step is about. */
export const tourEn = {
  'tour.1.title': 'A cookie remembers',
  'tour.1.1':
    'HTTP forgets: every request stands alone. So {user} opens /set?q=… on server a, which keeps the value in a session and gives the browser a cookie.',
  'tour.1.2': '{user} opens /get on the same server, with the cookie. Does it know who this is?',
  'tour.1.2.yes': 'yes',
  'tour.1.2.no': 'no',
  'tour.1.2.reveal': 'The id leads to the session, and the value comes back. That is all that “logged in” means.',
  'tour.1.3': '{user}’s cookie is deleted, then /get is opened again. Will {user} still be there?',
  'tour.1.3.yes': 'yes, the server remembers',
  'tour.1.3.no': 'no',

  'tour.2.title': 'A second server',
  'tour.2.1':
    'One server is not enough, so the same program runs on b too. {user} logs in on a and then opens b’s own port. Where does b know this user?',
  'tour.2.1.all': 'in every lane',
  'tour.2.1.clustered': 'only in clustered',
  'tour.2.1.none': 'nowhere',
  'tour.2.1.reveal':
    'a keeps the session in its own memory, and b cannot look there. Only where both ask Redis is {user} known.',
  'tour.2.2': 'Now ten times through the balancer, which goes round. What does {user} see in the local lane?',
  'tour.2.2.always': 'always the value',
  'tour.2.2.turns': 'now the value, now nothing',
  'tour.2.2.never': 'never the value',
  'tour.2.2.reveal':
    'One turn in three falls on the server that knows {user}. This is what a user calls “it keeps logging me out”.',

  'tour.3.title': 'Sticky sessions',
  'tour.3.1':
    'The balancer can remember where a user was: on the first answer it adds a cookie of its own. Everybody logs in through the balancer.',
  'tour.3.2': '{user} opens ten times. How many servers answer in the sticky lane?',
  'tour.3.2.one': 'one',
  'tour.3.2.three': 'all three',
  'tour.3.2.reveal': 'Always the same one, and always found, although every server still keeps only its own sessions.',

  'tour.4.title': 'Nine users, three servers',
  'tour.4.1':
    'Nine users on three servers, three on each. Then the users of a and c lose interest and leave. What share of the sticky lane’s traffic does b get?',
  'tour.4.1.third': 'a third, as before',
  'tour.4.1.half': 'half',
  'tour.4.1.all': 'all of it',
  'tour.4.1.reveal':
    'Everything, while a and c have nothing to do. Whoever is pinned cannot be moved without losing the session; the other lanes stay even.',

  'tour.5.title': 'A server dies',
  'tour.5.1':
    'Everybody logs in again. {user} lives on b in the local and the sticky lane. Then b is killed. Where is {user} still logged in?',
  'tour.5.1.sticky': 'in sticky and clustered',
  'tour.5.1.clustered': 'only in clustered',
  'tour.5.1.none': 'nowhere',
  'tour.5.2': 'b starts again. Is {user} logged in again?',
  'tour.5.2.yes': 'yes, b is back',
  'tour.5.2.no': 'no',
  'tour.5.2.reveal': 'The server is back, its memory is not: lost stays lost. In clustered nobody noticed any of it.',

  'tour.6.title': 'Session clustering',
  'tour.6.1':
    'All servers share one store. A server d is added while everybody goes on. Which lane uses it at once without anyone missing a session?',
  'tour.6.1.all': 'every lane',
  'tour.6.1.clustered': 'only clustered',
  'tour.6.1.sticky': 'only sticky',
  'tour.6.1.reveal':
    'In local every turn on d is a new miss; in sticky d waits for new users; in clustered it takes its share at once.',
  'tour.6.2': 'd is taken away again, gracefully. How many users lose their session in clustered?',
  'tour.6.2.none': 'none',
  'tour.6.2.some': 'those whom d served',
  'tour.6.2.reveal': 'None: servers come and go, the sessions stay where they are.',
  'tour.6.3':
    'It has its price: another part to run, and a hop over the network. Redis stops answering. What do users of clustered see?',
  'tour.6.3.out': 'they are logged out',
  'tour.6.3.error': 'a clear error, at once',
  'tour.6.3.hang': 'the page hangs',

  'tour.7.title': 'What Redis holds',
  'tour.7.1':
    'This is {user}’s session in Redis: one hash, with a field for each attribute, and a time after which it ends by itself.',
  'tour.7.1.reveal': 'The key holds only a hash of the cookie’s id: whoever reads Redis still cannot log in.',
  'tour.7.2':
    'Values become bytes on their way. A SecurityContext goes through JSON.stringify and back. What comes back?',
  'tour.7.2.same': 'the same',
  'tour.7.2.plain': 'a plain object without its methods',
  'tour.7.2.refused': 'it is refused',
  'tour.7.2.reveal':
    'JSON knows no classes. This is why a SecurityContext does not simply come back. The library’s json codec refuses it rather than change it.',
  'tour.7.3': 'The registry codec writes down which class it was. What comes back now?',
  'tour.7.3.same': 'a SecurityContext again',
  'tour.7.3.plain': 'a plain object',
  'tour.7.3.reveal':
    'An instance again, because its class was registered beforehand. Now you understand sessions: break something of your own.',
  'tour.1.1.reveal': 'The cookie holds nothing but a random id. The value stays on the servers’ side.',
  'tour.1.3.reveal': 'No cookie, no session: 404, wherever the sessions are kept.',
  'tour.2.1@one':
    'One server is not enough, so the same program runs on b too. {user} logs in on a and then opens b’s own port. Does b know this user?',
  'tour.2.1.yes': 'yes',
  'tour.2.1.no': 'no',
  'tour.2.1.reveal@one': 'a keeps the session in its own memory, and b cannot look there.',
  'tour.2.1.reveal@clustered': 'Yes: a and b both ask Redis, so it does not matter which of them is asked.',
  'tour.2.2@one': 'Now ten times through the balancer, which goes round. What does {user} see?',
  'tour.2.2.reveal@clustered': 'Always the value: whichever server’s turn it is, it finds the session in Redis.',
  'tour.3.1.reveal':
    'Look at the cookie tab: beside {cookie} there is a second cookie, the balancer’s own. It is a signature over the server’s name that nobody can forge.',
  'tour.4.1.reveal@one':
    'Everything, while a and c have nothing to do. Whoever is pinned cannot be moved without losing the session.',
  'tour.5.1@one': 'Everybody logs in again. {user}’s session is on b. Then b is killed. Is {user} still logged in?',
  'tour.5.1@clustered': 'Everybody logs in again. Then b is killed. Is {user} still logged in?',
  'tour.5.1.yes': 'yes',
  'tour.5.1.no': 'no',
  'tour.5.1.reveal':
    'The balancer sends b’s users to the living servers at once. In local and sticky their sessions were in b’s memory, and that is gone; in clustered they are in Redis.',
  'tour.5.1.reveal@one':
    'The balancer sends b’s users to the living servers at once. Their sessions were in b’s memory, and that is gone.',
  'tour.5.1.reveal@clustered':
    'Yes: the session is in Redis, and the other servers find it there. Nobody noticed that b died.',
  'tour.5.2.reveal@one': 'The server is back, its memory is not: what is gone stays gone.',
  'tour.6.1@one':
    'All servers share one store. A server d is added while everybody goes on. Does it take its share at once, without anyone missing a session?',
  'tour.6.1.yes': 'yes',
  'tour.6.1.no': 'no',
  'tour.6.1.reveal@one': 'It takes its share at once and nobody misses a session: d finds them all in Redis.',
  'tour.6.3.reveal':
    'A clear 503: the first ones after the store’s time-out, then at once. Nobody gets a fresh session in place of theirs. Redis stands still until you go on; then so do they.',
} as const
