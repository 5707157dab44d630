import { affinityCookies } from './cookies.ts'
import type { Exchange } from './exchange.ts'
import type { Evidence, Finding } from './finding.ts'
import { type ServerNames, serverNames } from './servers.ts'

/** Which servers answered, how the requests spread, and what keeps a client at one of them. */
export function spread({ history, of, cookie }: Evidence): Finding[] {
  const names = serverNames(of('first', 'return', 'newcomer', 'without', 'known', 'watch'))
  const about = 'servers'
  if (!names) {
    const why = 'Nothing in an answer names its server. --server takes a header, or a /pattern/ for the body.'
    return [
      { verdict: 'unclear', about, says: 'It cannot be told which server answered.', why, where: 'apps/lab/README.md' },
    ]
  }
  const firsts = of('newcomer').filter(
    (one, index, all) => all.findIndex(({ client }) => client === one.client) === index,
  )
  const counts = count(firsts, names)
  if (counts.size === 0) return []
  const list = [...counts]
    .sort()
    .map(([name, many]) => `${name} ${many}`)
    .join(', ')
  const says = `${counts.size === 1 ? 'One server' : `${counts.size} servers`} answered ${firsts.length} new clients (told by ${names.by}): ${list}.`
  const alone = counts.size === 1
  const why = alone
    ? 'There is one server, or the balancer pins by the address of the client.'
    : 'Each server bears its share of new clients.'
  return [
    { verdict: 'note', about, says, why, where: 'docs/report/README.md: C3' },
    ...(alone ? [] : [pinned(history, of('newcomer', 'return'), names, cookie?.name)]),
  ]
}

function pinned(
  history: readonly Exchange[],
  asked: readonly Exchange[],
  names: ServerNames,
  session: string | undefined,
): Finding {
  const clients = [...new Set(asked.map(({ client }) => client))]
  const moved = clients.filter(
    (client) =>
      count(
        asked.filter((one) => one.client === client),
        names,
      ).size > 1,
  )
  const finding = (verdict: Finding['verdict'], says: string, why: string): Finding => ({
    verdict,
    about: 'servers',
    says,
    why,
    where: 'docs/report/README.md: C2, C3',
  })
  if (names.byCookie)
    return finding(
      'note',
      `The balancer gives each client a server by ${names.by}.`,
      'Whether it minds it cannot be told: --server names who really answered.',
    )
  if (moved.length > 0)
    return finding(
      'note',
      `${moved.length} of ${clients.length} clients were answered by more than one server: clients are not pinned.`,
      'Every server must know every session.',
    )
  const home = asked.map((one) => names.of(one)).find((name) => name !== undefined)
  const by = [...affinityCookies(history), ...(session ? [session] : [])].filter((name) => {
    const without = history.filter((one) => one.step === 'without' && one.client === 'owner' && !(name in one.sent))
    const own = asked.filter(({ client }) => client === 'owner')
    const at = own.length ? [...count(own, names).keys()][0] : home
    return without.some((one) => names.of(one) !== undefined && names.of(one) !== at)
  })
  const what = by.length
    ? ` by the cookie ${by.join(' or ')}`
    : '; not by the address, since new clients of one address spread'
  return finding(
    'note',
    `All ${clients.length} clients stay at their server: pinned${what}.`,
    'When that server goes, its clients move: without a shared store their sessions are lost.',
  )
}

function count(exchanges: readonly Exchange[], names: ServerNames): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const name of exchanges.flatMap((one) => names.of(one) ?? [])) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
