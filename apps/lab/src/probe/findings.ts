import { cookieKinds, replaced, sessionCookie } from './cookies.ts'
import type { CookieSeen, Exchange, Facts, Step } from './exchange.ts'
import type { Evidence, Finding } from './finding.ts'
import { logins } from './findings-login.ts'
import { spread } from './findings-spread.ts'
import { watched, writes } from './findings-writes.ts'
import { atHome, teller } from './teller.ts'

/** Judges a history. The same history gets the same findings, whenever and wherever. */
export function findings(facts: Facts): readonly Finding[] {
  const { history, asked } = facts
  const cookie = sessionCookie(facts)
  const of = (...steps: readonly Step[]) => history.filter(({ step }) => steps.includes(step))
  const evidence: Evidence = { history, cookie, of, tell: tells(of, cookie?.name) }
  const found = [
    ...session(evidence, facts),
    ...spread(evidence),
    ...(asked.includes('node') ? nodes(evidence) : []),
    ...(asked.includes('login') ? logins(evidence, asked.includes('logout')) : []),
    ...(asked.includes('increment') ? [writes(evidence)] : []),
    ...(asked.includes('watch') ? watched(evidence) : []),
  ]
  if (facts.stopped === undefined) return found
  const why = 'What was not asked is not judged.'
  return [
    ...found,
    {
      verdict: 'unclear',
      about: asked[0] ?? 'session',
      says: `The probe ended early: ${facts.stopped}.`,
      why,
      where: 'apps/lab/README.md',
    },
  ]
}

/** Learns from the known and the made-up ids how the page looks with a session and without. */
function tells(of: Evidence['of'], cookie: string | undefined): Evidence['tell'] {
  // Where the session is lost now and then, only the answers that kept it show how a known session looks.
  const home = atHome(of('known'), of('forged'), cookie)
  const tell = teller(home, of('forged'), cookie)
  const telling = home.length > 0 && home.every((one) => tell(one) === 'known')
  const look = ({ target, status, body }: Exchange) => `${target} ${status} ${body}`
  const strangers = new Set(
    telling
      ? of('node-forged')
          .filter(({ failed }) => failed === undefined)
          .map(look)
      : [],
  )
  // A server that puts its own name on the page is known by how it answers a made-up id itself.
  return (one) => {
    const told = tell(one)
    return told === 'unclear' && one.failed === undefined && strangers.has(look(one)) ? 'unknown' : told
  }
}

/** 0 nothing is wrong · 1 something is · 2 a question that was asked for stayed open, or the probe ended early. */
export function probeExitCode(found: readonly Finding[], { asked, stopped }: Facts): 0 | 1 | 2 {
  if (found.some(({ verdict }) => verdict === 'bad')) return 1
  const open = found.some(({ verdict, about }) => verdict === 'unclear' && asked.some((question) => question === about))
  return open || stopped !== undefined ? 2 : 0
}

function session(evidence: Evidence, { target, cookie: named, history }: Facts): Finding[] {
  const { cookie } = evidence
  const where = 'docs/architecture.md'
  if (!cookie) {
    const others = cookieKinds(history).map(({ name }) => name)
    const says = named
      ? `No answer sets the cookie ${named}.`
      : `No cookie carries a session${others.length ? ` (seen: ${others.slice(0, 5).join(', ')})` : ': none is set'}.`
    const why =
      'Without one nothing more can be asked. An application that starts sessions later needs --start or --login.'
    return [{ verdict: 'note', about: 'session', says, why, where }]
  }
  return [...flags(cookie, target.startsWith('https:')), ...many(history), ...kept(evidence, cookie)]
}

function flags({ name, attributes, length }: CookieSeen, tls: boolean): Finding[] {
  const has = (wanted: string) => attributes.some((one) => one.toLowerCase() === wanted)
  const named = (wanted: string) => attributes.some((one) => one.toLowerCase().startsWith(wanted))
  const about = 'session'
  const carried = `The cookie ${name} carries the session: ${length} characters, ${attributes.join('; ') || 'no flags'}.`
  const list: Finding[] = [
    { verdict: 'note', about, says: carried, why: 'Whoever has its value is that user.', where: 'RFC 6265 §8.4' },
  ]
  const add = (verdict: Finding['verdict'], says: string, why: string, where: string) =>
    list.push({ verdict, about, says, why, where })
  if (!has('httponly'))
    add('bad', `${name} lacks HttpOnly.`, 'A script in the page can read it and send it away.', 'RFC 6265 §4.1.2.6')
  if (!has('secure') && (tls || has('samesite=none')))
    add(
      'bad',
      `${name} lacks Secure.`,
      'It also goes over plain HTTP, where anybody on the way reads it.',
      'RFC 6265 §4.1.2.5',
    )
  if (!named('samesite='))
    add(
      'note',
      `${name} lacks SameSite.`,
      'Which requests of other sites carry it is up to the browser.',
      'RFC 6265bis §5.6.7',
    )
  if (length < 16)
    add(
      'bad',
      `${name} has ${length} characters only.`,
      'So short an id can be found by trying.',
      'OWASP Session Management: session id entropy',
    )
  return list
}

/** Servers commonly refuse more than 8 KiB of headers. */
const mostCookieBytes = 4096

function many(history: readonly Exchange[]): Finding[] {
  const kinds = cookieKinds(history)
  const bytes = kinds.reduce((sum, { name, seen }) => sum + name.length + seen.length + 3, 0)
  if (kinds.length <= 20 && bytes <= mostCookieBytes) return []
  const says = `The application sets ${kinds.length} cookies: ${bytes} bytes go along with each request.`
  return [
    {
      verdict: 'note',
      about: 'session',
      says,
      why: 'Many servers refuse requests with more than 8 KiB of headers.',
      where: 'RFC 6265 §6.1',
    },
  ]
}

function kept({ of, tell }: Evidence, { name }: CookieSeen): Finding[] {
  const known = of('known').filter(({ status = 500 }) => status < 500)
  if (known.length === 0) return []
  const lost = known.length - atHome(known, of('forged'), name).length
  const finding = (verdict: Finding['verdict'], says: string, why: string): Finding[] => [
    { verdict, about: 'session', says, why, where: 'docs/report/README.md: C1' },
  ]
  if (lost > 0)
    return finding(
      'bad',
      `The session is not known wherever the client comes: ${lost} of ${known.length} answers to its id look like those to a made-up one.`,
      'Users are logged out at random: the servers do not share sessions, and the balancer does not pin.',
    )
  if (known.every((one) => tell(one) === 'known'))
    return finding(
      'good',
      `The session is known in all ${known.length} answers; a made-up id is not.`,
      'A user stays the same user from request to request.',
    )
  if (known.every((one) => replaced(one, name)))
    return finding(
      'unclear',
      'Every answer replaces the id.',
      'Either all of the session is in the cookie, or nothing is kept. --known PATTERN tells them apart.',
    )
  return finding(
    'unclear',
    'This page answers a made-up id as it answers a known one.',
    'So it cannot show whether a session is known. Give a page that uses it, or --known PATTERN.',
  )
}

function nodes({ of, tell, cookie }: Evidence): Finding[] {
  const targets = [...new Set(of('node').map(({ target }) => target))]
  const where = 'docs/report/README.md: C4, C5'
  if (!cookie || targets.length === 0)
    return [
      {
        verdict: 'unclear',
        about: 'node',
        says: 'Other servers were not asked: there is no session.',
        why: 'See above.',
        where,
      },
    ]
  return targets.map((target) => {
    const answers = of('node').filter((one) => one.target === target)
    const failed = answers.find((one) => one.failed !== undefined)?.failed
    const told = new Set(answers.map(tell))
    const finding = (verdict: Finding['verdict'], says: string, why: string): Finding => ({
      verdict,
      about: 'node',
      says,
      why,
      where,
    })
    if (failed !== undefined) return finding('unclear', `${target} ${failed}.`, 'It could not be asked.')
    if (told.has('unknown'))
      return finding(
        'bad',
        `${target} does not know the session.`,
        'When its server fails or is restarted, the session is lost.',
      )
    if (told.size === 1 && told.has('known'))
      return finding('good', `${target} knows the session.`, 'Another server can take over.')
    return finding(
      'unclear',
      `Nothing in the answers of ${target} tells whether it knows the session.`,
      'Give a page that answers differently without one, or --known PATTERN.',
    )
  })
}
