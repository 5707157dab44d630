// Loaded into a node before anything else: the session library that it loads is the mutant which MUTANT names.
import { registerHooks } from 'node:module'
import { mutants } from './mutants.ts'

const mutant = mutants[Number(process.env.MUTANT)]
if (!mutant) throw new Error(`MUTANT is ${process.env.MUTANT}: there is no such mutant`)
const { file, from, to } = mutant

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.endsWith(`/packages/session/src/${file}`)) return loaded
    const parts = String(loaded.source).split(from)
    if (parts.length !== 2) throw new Error(`${file} holds ${parts.length - 1} times: ${from}`)
    return { ...loaded, source: parts.join(to) }
  },
})
