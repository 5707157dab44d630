import { replaced } from './cookies.ts'
import type { Exchange } from './exchange.ts'
import type { Evidence, Finding } from './finding.ts'
import { serverNames } from './servers.ts'

/** Whether writes at the same time are lost. */
export function writes({ of }: Evidence): Finding {
  const finding = (verdict: Finding['verdict'], says: string, why: string): Finding => ({
    verdict,
    about: 'increment',
    says,
    why,
    where: 'docs/report/README.md: X1',
  })
  const [one, two] = of('serial').map(({ number }) => number)
  const [last] = of('last')
  const parallel = of('parallel')
  const failed = [...of('serial'), ...parallel, ...of('last')].filter(
    (each) => each.failed !== undefined || (each.status ?? 500) >= 400,
  )
  if (failed.length > 0)
    return finding(
      'unclear',
      `${failed.length} writes were refused: ${failed[0]?.failed ?? failed[0]?.status}.`,
      'What a refused write did is not known.',
    )
  if (one === undefined || two === undefined || last?.number === undefined)
    return finding('unclear', 'The answer to --increment holds no number.', '--number PATTERN says where it stands.')
  if (two !== one + 1)
    return finding(
      'unclear',
      `Two writes one after the other gave ${one} and ${two}: that is no counter.`,
      'The session is not kept, or the number is another one: --number PATTERN says where it stands.',
    )
  const lost = two + parallel.length + 1 - last.number
  if (lost < 0)
    return finding('unclear', `The counter went ${-lost} further than it was asked to.`, 'Somebody else counts too.')
  if (lost === 0)
    return finding(
      'good',
      `None of ${parallel.length} writes at the same time was lost.`,
      'One try that shows no loss does not prove that there can be none.',
    )
  return finding(
    'bad',
    `${lost} of ${parallel.length} writes at the same time were lost.`,
    'Two requests of one user, such as two tabs, overwrite each other.',
  )
}

/** Who lost the session while the user restarted a server, and how long errors lasted. */
export function watched({ of, cookie, tell }: Evidence): Finding[] {
  const asked = [...of('watch')].sort((left, right) => left.atMs - right.atMs)
  const finding = (verdict: Finding['verdict'], says: string, why: string): Finding => ({
    verdict,
    about: 'watch',
    says,
    why,
    where: 'docs/report/README.md: C4, C5, X2',
  })
  if (asked.length === 0) return [finding('unclear', 'Nothing was watched.', 'The probe ended before.')]
  const failures = asked.filter(failing)
  const span = ((asked.at(-1)?.atMs ?? 0) - (asked[0]?.atMs ?? 0)) / 1000
  const errors =
    failures.length === 0
      ? finding('good', `No error in ${asked.length} requests over ${span.toFixed(1)} s.`, 'Users noticed nothing.')
      : finding(
          'bad',
          `${failures.length} of ${asked.length} requests failed (${causes(failures)}); errors lasted ${longest(asked)}.`,
          'So long users meet errors when a server goes.',
        )
  if (!cookie) return [errors, finding('unclear', 'There is no session that could be lost.', 'See above.')]
  const clients = [...new Set(asked.map(({ client }) => client))]
  const names = serverNames(asked)
  const lost = clients.flatMap((client) => {
    const own = asked.filter((one) => one.client === client && cookie.name in one.sent)
    const fate = own.findIndex(
      (one, index) =>
        index > 0 &&
        own.slice(0, index).some((earlier) => !failing(earlier) && !replaced(earlier, cookie.name)) &&
        (tell(one) === 'unknown' || (!failing(one) && replaced(one, cookie.name))),
    )
    const home = own
      .slice(0, Math.max(0, fate))
      .map((one) => names?.of(one))
      .find((name) => name !== undefined)
    return fate === -1
      ? []
      : [`${client}${home === undefined ? '' : ` (of ${home})`} at ${((own[fate]?.atMs ?? 0) / 1000).toFixed(1)} s`]
  })
  if (lost.length > 0)
    return [
      errors,
      finding(
        'bad',
        `${lost.length} of ${clients.length} clients lost their session: ${lost.join(', ')}.`,
        'The session was in the memory of one server.',
      ),
    ]
  const told = asked.some((one) => tell(one) === 'known')
  return [
    errors,
    told
      ? finding(
          'good',
          `None of ${clients.length} clients lost its session.`,
          'True only if a server went meanwhile: the probe does not know.',
        )
      : finding(
          'unclear',
          'Nothing in the answers tells whether a session was lost.',
          'Give a page that uses it, or --known PATTERN.',
        ),
  ]
}

const failing = ({ failed, status = 500 }: Exchange) => failed !== undefined || status >= 500

const causes = (failures: readonly Exchange[]) =>
  [...new Set(failures.map(({ failed, status }) => failed ?? String(status)))].slice(0, 3).join(', ')

/** From the start of the first failure to the start of the next request that was answered, the longest such stretch. */
function longest(asked: readonly Exchange[]): string {
  let [since, most, open] = [undefined as number | undefined, 0, false]
  for (const one of asked) {
    if (failing(one)) since ??= one.atMs
    else if (since !== undefined) {
      most = Math.max(most, one.atMs - since)
      since = undefined
    }
  }
  const last = asked.at(-1)
  if (since !== undefined && last) {
    open = true
    most = Math.max(most, last.atMs + last.tookMs - since)
  }
  return `${(most / 1000).toFixed(1)} s at most${open ? ', and had not ended' : ''}`
}
