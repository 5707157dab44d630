export { type FastifySessionsOptions, fastifySessions } from './fastify.ts'
export * from './node.ts'
