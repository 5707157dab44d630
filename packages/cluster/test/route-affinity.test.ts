import { expect, test } from 'vitest'
import { savedUsers, testCluster } from './harness.ts'

test('a balancer that goes by the session cookie’s route keeps every user on the node that the cookie names', async () => {
  await using cluster = await testCluster({
    mode: 'sticky',
    nodes: 3,
    nodeEnv: { SESSION_ROUTE: 'auto' },
    balancerEnv: { AFFINITY: 'route' },
  })
  const users = await savedUsers(6, () => cluster.balancer.url)
  expect(new Set(users.map(({ home }) => home))).toEqual(new Set(['a', 'b', 'c']))
  for (const user of users) {
    expect(user.jar.header).toMatch(new RegExp(`^JSESSIONID=[\\w-]{24}\\.${user.home}$`))
    for (let n = 1; n <= 3; n++) expect(await user.visit()).toMatchObject({ outcome: 'found', node: user.home })
  }
})
