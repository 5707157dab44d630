import { replaced } from './cookies.ts'
import type { Evidence, Finding } from './finding.ts'
import { teller } from './teller.ts'

const fixation = 'OWASP Session Management: renew the session id after any privilege change'

/** Whether the id changes at login, whether the old one dies, and whether logout ends the session on every server. */
export function logins({ of, cookie, tell }: Evidence, logout: boolean): Finding[] {
  const [login] = of('login')
  const finding = (about: 'login' | 'logout', verdict: Finding['verdict'], says: string, why: string): Finding => ({
    about,
    verdict,
    says,
    why,
    where: fixation,
  })
  const open = (says: string, why: string) => [
    finding('login', 'unclear', says, why),
    ...(logout ? [finding('logout', 'unclear', 'Logout was not judged: nobody was logged in.', why)] : []),
  ]
  if (!login) return open('Nobody logged in.', 'The probe ended before.')
  if (login.failed !== undefined || (login.status ?? 500) >= 400)
    return open(
      `The login was refused: ${login.failed ?? login.status}.`,
      'Wrong words, or it wants a token from its form, which the probe does not fill in.',
    )
  if (!cookie)
    return open('Nothing carries a session, even after the login.', 'A login without a cookie is not judged.')
  const before = login.sent[cookie.name]
  const changed = replaced(login, cookie.name)
  const given = login.set.some(({ name, removed }) => name === cookie.name && !removed)
  const inside = teller(of('after'), of('before'), cookie.name)
  const shown = of('after').length > 0 && of('after').every((one) => inside(one) === 'known')
  if (!shown && !given)
    return open(
      'Nothing shows that the login worked: the page is the same before and after.',
      'Give a page that names the user, or --known PATTERN.',
    )
  const list: Finding[] = []
  if (before === undefined)
    list.push(
      finding(
        'login',
        'good',
        'The id is given at the login.',
        'There is none before that somebody could have planted.',
      ),
    )
  else if (changed)
    list.push(
      finding(
        'login',
        'good',
        'The id changes at the login.',
        'An id that somebody planted before is worth nothing after.',
      ),
    )
  else
    list.push(
      finding(
        'login',
        'bad',
        'The id stays the same at the login: session fixation.',
        'Whoever made the user take a known id is logged in with the user.',
      ),
    )
  if (before !== undefined && changed) {
    const told = of('old-id').map(inside)
    if (told.includes('known'))
      list.push(finding('login', 'bad', 'The old id is logged in too.', 'Whoever knows it, knows the user.'))
    else if (told.length && told.every((one) => one === 'unknown'))
      list.push(finding('login', 'good', 'The old id is not logged in.', 'It stays what it was, or is dead.'))
    else
      list.push(
        finding(
          'login',
          'unclear',
          'Nothing tells whether the old id is logged in.',
          'Give a page that names the user, or --known PATTERN.',
        ),
      )
  }
  return logout ? [...list, ...loggedOut({ of, tell }, (...rest) => finding('logout', ...rest))] : list
}

function loggedOut(
  { of, tell }: Pick<Evidence, 'of' | 'tell'>,
  finding: (verdict: Finding['verdict'], says: string, why: string) => Finding,
): Finding[] {
  const [logout] = of('logout')
  if (!logout || logout.failed !== undefined || (logout.status ?? 500) >= 400)
    return [
      finding(
        'unclear',
        `The logout was refused: ${logout?.failed ?? logout?.status ?? 'not asked'}.`,
        'So nothing is known of what it ends.',
      ),
    ]
  return [...new Set(of('logged-out').map(({ target }) => target))].map((target) => {
    const told = of('logged-out')
      .filter((one) => one.target === target)
      .map(tell)
    if (told.includes('known'))
      return finding(
        'bad',
        `${target} still knows the session after the logout.`,
        'Who copied the cookie stays logged in.',
      )
    if (told.every((one) => one === 'unknown'))
      return finding(
        'good',
        `After the logout the session is not known at ${target}.`,
        'A copied cookie is worth nothing after it.',
      )
    return finding(
      'unclear',
      `Nothing tells whether ${target} still knows the session after the logout.`,
      'Give a page that names the user, or --known PATTERN.',
    )
  })
}
