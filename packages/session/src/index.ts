export { type FastifySessionsOptions, fastifySessions } from './frameworks/fastify.ts'
export * from './http.ts'
