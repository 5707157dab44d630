import { writeSync } from 'node:fs'
import { createServer } from 'node:http'

// A node for the chaos test: it says which request it handles before it answers, and answers in two pieces.
const port = Number(process.argv[3])

const server = createServer((req, res) => {
  if (req.url === '/readyz') return res.end()
  const id = String(req.headers['x-id'])
  req.resume()
  req.once('end', () => {
    writeSync(1, `${id}\n`)
    res.write(id)
    setImmediate(() => res.end(' answered'))
  })
  return res
})
server.listen(port, '127.0.0.1', () => writeSync(1, 'ready\n'))
