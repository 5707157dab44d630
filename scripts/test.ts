/**
 * `npm test`: everything that can be run here; what failed and what cannot be run is named in the last lines.
 *
 * `npm test -- unit readme` runs the named stages only. With `REQUIRE_ALL=1` a part that the machine lacks is a failure.
 */
import { ending } from './run/ending.mjs'
import { findParts, type Part } from './test/parts.ts'
import { type Failure, Recap } from './test/recap.ts'
import { stages } from './test/stages.ts'

const chosen = process.argv.slice(2)
const unknown = chosen.filter((name) => !stages.some((stage) => stage.name === name))
if (unknown.length > 0) {
  console.error(`npm test: no stage ${unknown.join(', ')}; there are: ${stages.map((stage) => stage.name).join(', ')}`)
  process.exit(1)
}

const plan = stages.filter((stage) => chosen.length === 0 || chosen.includes(stage.name))
const parts = await findParts(new Set(plan.flatMap((stage) => stage.needs)))
const outcomes: { name: string; outcome: 'passed' | 'FAILED' | 'not run'; detail: string; failures?: Failure[] }[] = []
const recap = new Recap()

for (const { name, what, needs, run } of plan) {
  const missing = needs.flatMap((need) => absent(parts.get(need)))
  if (missing.length > 0) {
    outcomes.push({ name, outcome: 'not run', detail: missing.join('; ') })
    continue
  }
  console.error(`\n━━ ${name}: ${what}`)
  const started = performance.now()
  const passed = await run(Object.assign({}, recap.env, ...needs.map((need) => parts.get(need)?.env)))
  // What ends this has ended the stage's processes, too: they have not passed. The process ends in a moment.
  if (ending.signal.aborted) await new Promise(() => {})
  outcomes.push({
    name,
    outcome: passed ? 'passed' : 'FAILED',
    detail: `${Math.round((performance.now() - started) / 1000)} s`,
    failures: recap.take(),
  })
}
recap.close()

for (const { failures = [] } of outcomes)
  for (const { what, why } of failures) console.log(`\n✗ ${what}\n${indented(why)}`)
console.log('')
for (const { name, outcome, detail } of outcomes) console.log(`${outcome.padEnd(8)} ${name.padEnd(10)} ${detail}`)

const failed = outcomes.some(({ outcome }) => outcome === 'FAILED')
const leftOut = outcomes.some(({ outcome }) => outcome === 'not run')
if (leftOut && process.env.REQUIRE_ALL) console.log('REQUIRE_ALL is set: what was not run counts as failed.')
process.exitCode = failed || (leftOut && process.env.REQUIRE_ALL) ? 1 : 0

function absent(part: Part | undefined): string[] {
  return part === undefined || part.missing === undefined ? [] : [part.missing]
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ')
}
