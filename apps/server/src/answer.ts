import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from './config.ts'
import { explainMissing } from './missing.ts'
import { acceptedForm, acceptedLanguage } from './pages/accept.ts'
import { PAGE_POLICY } from './pages/layout.ts'
import { missingProblem, type Problem, problemJson, problemPage, problemText, refusalProblem } from './pages/problem.ts'
import { wordsIn } from './pages/words.ts'
import type { Words } from './pages/words-type.ts'
import type { Refusal } from './refusal.ts'
import type { NodeSessions } from './sessions.ts'

/** Answers 404 and says who answered, which cookie came, and why `attribute` was not found. */
export function answerMissing(
  config: Config,
  sessions: NodeSessions,
  request: FastifyRequest,
  reply: FastifyReply,
  attribute: string,
): FastifyReply {
  const words = readerWords(request)
  const missing = explainMissing(config, sessions.of(request).report(), attribute)
  return answerProblem(request, reply, words, missingProblem(words, missing))
}

/** Answers a refusal in the form and the language that the client asked for. */
export function answerRefusal(
  config: Config,
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
): FastifyReply {
  const words = readerWords(request)
  return answerProblem(request, reply, words, refusalProblem(words, config.nodeName, refusal))
}

/**
 * Answers a change that a form may have sent: a browser goes back to the start page (303, so that a reload
 * repeats nothing), a JSON client gets `value`, all others `text`.
 */
export function answerChange(request: FastifyRequest, reply: FastifyReply, text: string, value: unknown): FastifyReply {
  switch (acceptedForm(request.headers.accept)) {
    case 'html':
      return reply.redirect('/', 303)
    case 'json':
      return answerJson(reply, value)
    case 'text':
      return answerText(reply, text)
  }
}

/** Answers JSON that a person can read in a terminal too. */
export function answerJson(reply: FastifyReply, value: unknown): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(`${JSON.stringify(value, null, 2)}\n`)
}

/** Programs that print an answer to a terminal as it is. */
const printsToTerminal = /^(?:curl|Wget|HTTPie)\//

/** Answers exactly this text, in UTF-8; to a program for the terminal its line is ended, so that the prompt does not stick to it. */
export function answerText(reply: FastifyReply, text: string): FastifyReply {
  const ends = text.endsWith('\n') || !printsToTerminal.test(reply.request.headers['user-agent'] ?? '')
  return reply.type('text/plain; charset=utf-8').send(ends ? text : `${text}\n`)
}

/** Answers a page, under a policy that lets it load nothing from elsewhere. */
export function answerPage(reply: FastifyReply, page: string): FastifyReply {
  return reply.header('content-security-policy', PAGE_POLICY).type('text/html; charset=utf-8').send(page)
}

/** The words in the reader's language. */
export function readerWords(request: FastifyRequest): Words {
  return wordsIn(acceptedLanguage(request.headers['accept-language']))
}

function answerProblem(request: FastifyRequest, reply: FastifyReply, words: Words, problem: Problem): FastifyReply {
  reply.code(problem.status).header('content-language', words.language)
  switch (acceptedForm(request.headers.accept)) {
    case 'html':
      return answerPage(reply, problemPage(words, problem))
    case 'json':
      return reply.type('application/problem+json; charset=utf-8').send(problemJson(problem, request.id))
    case 'text':
      return answerText(reply, problemText(words, problem))
  }
}
