import { writeSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'

// It listens with a backlog of 1 and then never runs its event loop again: nothing is ever accepted.
const server = createServer()
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  writeSync(1, `${(server.address() as AddressInfo).port}\n`)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})
