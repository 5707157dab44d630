import type { FastifyInstance, FastifyRequest } from 'fastify'
import { answerPage, answerText, readerWords } from '../answer.ts'
import type { Config } from '../config.ts'
import { explainMissing } from '../missing.ts'
import { acceptedForm } from '../pages/accept.ts'
import { type Standing, startPage } from '../pages/start-page.ts'
import { wordsIn } from '../pages/words.ts'
import type { Parts } from '../parts.ts'
import { EncodedFields } from '../query.ts'
import { redisCliLine } from '../redis-cli.ts'

const GUIDE = `GET  /set?q=password      keeps a value in your session
GET  /get                 answers it
POST /login?user=alice    logs in; the session gets a new id
POST /logout              ends the session
POST /cart/add?item=…     puts an item in the cart; GET /cart shows it
POST /counter             adds one; GET /counter shows it
POST /context?user=…      keeps an object of a class; GET /context shows what came back
GET  /whoami              what this server knows of you
GET  /work?ms=            burns CPU time, at most 1000 ms
POST /slow-set?q=&ms=     reads the session, waits at most 10000 ms, then writes q
GET  /livez, /readyz      is it alive, does it take new work

With curl, keep the cookie: curl -c jar -b jar …
`

/** `GET /` answers the start page to browsers, and a list of what the node does to everyone else. */
export function startRoutes(app: FastifyInstance, parts: Parts): void {
  app.get('/', async (request, reply) => {
    const { nodeName, mode } = parts.config
    if (acceptedForm(request.headers.accept) !== 'html') {
      return answerText(reply, `This is server ${nodeName} in MODE=${mode}.\n\n${GUIDE}`)
    }
    return answerPage(reply, startPage(pageWords(request), await standing(parts, request)))
  })
}

/** The language that `?lang=` names, else the browser's. */
function pageWords(request: FastifyRequest) {
  const [named] = request.query instanceof EncodedFields ? request.query.all('lang') : []
  return named === 'en' || named === 'ko' ? wordsIn(named) : readerWords(request)
}

/** The cluster's other doors, at the host name that this reader came to. None when the `Host` header names no host. */
function neighbours({ neighbours }: Config, request: FastifyRequest): Standing['neighbours'] {
  const door = `http://${request.headers.host}/`
  if (!URL.canParse(door)) return []
  const came = new URL(door)
  return neighbours.map(({ name, port }) => {
    const url = new URL(`http://${came.hostname}:${port}/`)
    return { name, port, url: url.href, here: url.host === came.host }
  })
}

async function standing({ config, sessions }: Parts, request: FastifyRequest): Promise<Standing> {
  const session = sessions.of(request)
  const info = await session.info()
  const base = {
    node: config.nodeName,
    mode: config.mode,
    cookieName: config.session.cookie.name,
    neighbours: neighbours(config, request),
  }
  if (!info) return { ...base, missing: explainMissing(config, session.report(), '') }
  const { maskedId, createdAt, lastAccessedAt, user, storageKey } = info
  const key = config.redis ? storageKey : undefined
  return {
    ...base,
    session: {
      maskedId,
      createdAt,
      lastAccessedAt,
      ...(user === undefined ? {} : { user }),
      attributes: await session.keys(),
      ...(config.redis && key !== undefined ? { stored: { key, command: redisCliLine(config.redis, key) } } : {}),
    },
  }
}
