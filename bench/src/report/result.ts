import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A finished run: its tables, and everything behind them. */
export interface Result {
  readonly text: string
  readonly json: { readonly environment: object; readonly [part: string]: unknown }
}

/** Where results are kept. */
export const resultsFolder = fileURLToPath(new URL('../../results', import.meta.url))

/** Keeps a result with its machine and date in bench/results: the raw numbers as JSON, the tables as Markdown. */
export async function saveResult(name: string, { text, json }: Result): Promise<void> {
  await mkdir(resultsFolder, { recursive: true })
  await writeFile(join(resultsFolder, `${name}.json`), jsonText(json))
  await writeFile(join(resultsFolder, `${name}.md`), markdown(name, { text, json }))
}

/** The next of several runs under one name: what one run says of a ratio need not hold on the next day. */
export function nextRun(name: string): string {
  for (let run = 1; ; run++) if (!existsSync(join(resultsFolder, `${name}-${run}.json`))) return `${name}-${run}`
}

/** JSON with its outer levels on lines of their own and each list of numbers on one. */
export function jsonText(json: object): string {
  const text = JSON.stringify(json, undefined, 1)
  return `${text.replace(/\[\s+(-?[\d.e+-]+(?:,\s+-?[\d.e+-]+)*)\s+\]/g, (_, list: string) => `[${list.replace(/\s+/g, ' ')}]`)}\n`
}

/** The tables as they were printed, and the machine that they were measured on. */
export function markdown(name: string, { text, json }: Result): string {
  const machine = Object.entries(json.environment).map(([key, value]) => `- ${key}: ${printed(value)}`)
  return `# ${name}\n\n\`\`\`text\n${text}\n\`\`\`\n\n## Where and when\n\n${machine.join('\n')}\n`
}

function printed(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')
}
