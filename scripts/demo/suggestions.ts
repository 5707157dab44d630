import type { Cluster, SpringServer } from '@session-cluster/cluster'

/** One thing to try: a sentence, and the lines to type. */
export interface Suggestion {
  readonly say: string
  readonly type: readonly string[]
}

/** `http://localhost:8080`: what a reader types, and what keeps one cookie jar for all ports. */
export function shown(url: string): string {
  return url.replace('//127.0.0.1:', '//localhost:')
}

/** Three things to try that show what is special about the cluster's mode. */
export function suggestions(cluster: Cluster): readonly Suggestion[] {
  const [a, b] = ['a', 'b'].map((name) => shown(cluster.node(name).url))
  const balancer = shown(cluster.balancer.url)
  const set = (base: string | undefined) => `curl -c jar -b jar '${base}/set?q=password'`
  const get = (base: string | undefined) => `curl -c jar -b jar ${base}/get`
  const four = `for i in 1 2 3 4; do curl -s -i -c jar -b jar ${balancer}/get | grep -iE '^(HTTP|x-served-by)'; done`
  const kill = `kill -9 ${cluster.node('b').pid}`
  switch (cluster.mode) {
    case 'local':
      return [
        { say: 'Server a keeps a value for you; server b has never heard of you:', type: [set(a), get(a), get(b)] },
        { say: 'Through the balancer you are known one time in three:', type: [set(balancer), four] },
        { say: `The same with a browser: ${a} — or try MODE=sticky npm run demo`, type: [] },
      ]
    case 'sticky':
      return [
        { say: 'The balancer sends you back to the server that you used before:', type: [set(balancer), four] },
        { say: 'Past the balancer nobody does: server a or server b does not know you:', type: [get(a), get(b)] },
        {
          say: 'Kill the server that answered (its process is above): you are moved, your session is lost:',
          type: ['kill -9 <its process>', get(balancer)],
        },
      ]
    case 'clustered':
      return [
        { say: 'Server a saves, and server b knows it too: the session lives in Redis:', type: [set(a), get(b)] },
        { say: 'Kill server b: nobody loses anything:', type: [kill, four] },
        {
          say: 'See your session in Redis; the answer names the redis-cli line:',
          type: [`curl -b jar ${balancer}/whoami`],
        },
      ]
    case 'hybrid':
      return [
        {
          say: 'You are sent back to the server that you used before, and it answers from its memory:',
          type: [set(balancer), four],
        },
        {
          say: 'Kill the server that answered (its process is above): you are moved, and lose nothing:',
          type: ['kill -9 <its process>', get(balancer)],
        },
        { say: 'What the server had in memory, and how often that was enough:', type: [`curl -s ${balancer}/whoami`] },
      ]
  }
}

/** Three things to try where the tutorial's own program is one of the servers. */
export function springSuggestions(cluster: Cluster, spring: SpringServer): readonly Suggestion[] {
  const [balancer, s, a] = [cluster.balancer.url, spring.url, cluster.node('a').url].map(shown)
  const curl = 'curl -s -c jar -b jar'
  return [
    {
      say: 'One session for all, whichever language answers:',
      type: [
        `${curl} '${s}/set?q=password'`,
        `for i in 1 2 3 4; do ${curl} -i ${balancer}/get | grep -iE '^x-served|^p'; done`,
      ],
    },
    { say: 'See it in Redis, in the JSON that Spring writes:', type: [`${curl} ${a}/whoami`] },
    {
      say: 'The object that does not come back: from now on every page of yours fails at Spring:',
      type: [`${curl} -X POST '${s}/context?user=alice'`, `${curl} ${s}/get`],
    },
  ]
}

/** Three things to try where the modes stand side by side. */
export function threeLanes(console: string, clusters: readonly Cluster[]): readonly Suggestion[] {
  const walk = (mode: string) => {
    const cluster = clusters.find((each) => each.mode === mode)
    const [a, b] = ['a', 'b'].map((name) => shown(cluster?.node(name).url ?? ''))
    return `rm -f jar; curl -s -c jar -b jar '${a}/set?q=password'; curl -s -b jar ${b}/get`
  }
  return [
    { say: `Open ${console} and crash server b: who is still logged in, and where?`, type: [] },
    { say: 'In another terminal: server a saves, server b has never heard of you (local) …', type: [walk('local')] },
    { say: '… and knows you when the sessions are in Redis (clustered):', type: [walk('clustered')] },
  ]
}
