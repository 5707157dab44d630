// Loads the library with one rule taken out, so that the model can be seen to find it. Used with `node --import`.
import { registerHooks } from 'node:module'

const RULES = {
  placeholder: ['entries.ts', 'if (placeholder.isSpoilt || !found) return', 'if (!found) return'],
  flush: ['near-cache.ts', 'this.#entries.flush()', ''],
  age: ['near-cache.ts', 'if (now - readAt >= this.#options.maxAgeMs || now >= livesUntil) return false', ''],
  lease: ['near-cache.ts', 'if (!this.#lease.holds(now) || !', 'if (!'],
  confirm: ['near-cache.ts', 'this.#options.strict ?', 'false ?'],
}

const [file, from, to] = RULES[process.env.WITHOUT]
registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.endsWith(`/near-cache/${file}`)) return loaded
    const source = String(loaded.source)
    if (!source.includes(from)) throw new Error(`${file} has no ${from}`)
    return { ...loaded, source: source.replace(from, to) }
  },
})
