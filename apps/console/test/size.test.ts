import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { builtPages } from '../server/console.ts'

const files = (readdirSync(builtPages, { recursive: true }) as string[]).filter((name) =>
  /\.(html|js|css|svg)$/.test(name),
)
const text = (name: string) => readFileSync(join(builtPages, name), 'utf8')

it('is a page of at most 150 KB, gzipped', () => {
  const bytes = files.reduce((sum, name) => sum + gzipSync(text(name)).length, 0)
  expect(files.length).toBeGreaterThanOrEqual(3)
  expect(bytes).toBeLessThanOrEqual(150 * 1024)
})

it('names no address but its own: nothing is fetched from anywhere else', () => {
  const foreign = files.flatMap((name) =>
    [...text(name).matchAll(/(?:https?:)?\/\/[\w.-]+\.[a-z]{2,}/g)].map(([address]) => address),
  )
  // Names of XML's vocabularies, which nobody fetches.
  expect(foreign.filter((address) => !address.includes('www.w3.org'))).toEqual([])
})
