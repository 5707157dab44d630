import { createBalancer } from '@session-cluster/balancer'

const balancer = createBalancer({
  upstreams: [
    { name: 'a', url: 'http://127.0.0.1:8080' },
    { name: 'b', url: 'http://127.0.0.1:8081' },
  ],
  policy: 'least-requests',
  affinity: { secret: process.env.AFFINITY_SECRET ?? 'only good for a first try' },
})
console.log(await balancer.listen({ port: Number(process.env.PORT ?? 8000) }))
