/**
 * `npm test`: everything that can be run here; what failed and what cannot be run is named in the last lines.
 *
 * `npm test -- unit readme` runs the named stages only. With `REQUIRE_ALL=1` a part that the machine lacks is a failure.
 */
import { ending } from './run/ending.mjs'
import { findParts } from './test/parts.ts'
import { nameOf, type Outcome, seconds, sideBySide } from './test/side-by-side.ts'
import { longestFirst, stages } from './test/stages.ts'

const chosen = process.argv.slice(2)
const unknown = chosen.filter((name) => !stages.some((stage) => stage.name === name))
if (unknown.length > 0) {
  console.error(`npm test: no stage ${unknown.join(', ')}; there are: ${stages.map((stage) => stage.name).join(', ')}`)
  process.exit(1)
}

const started = performance.now()
const selected = stages.filter((stage) => chosen.length === 0 || chosen.includes(stage.name))
const parts = await findParts(new Set(selected.flatMap(({ needs, wants = [] }) => [...needs, ...wants])))
const lacking = (needs: readonly string[] = []) =>
  needs.flatMap((need) =>
    [...parts].filter(([name, { missing }]) => name === need && missing).map(([, part]) => part.missing),
  )

const plan = selected
  .filter(({ needs }) => lacking(needs).length === 0)
  .flatMap((stage) => {
    const env = Object.assign({}, ...stage.needs.map((need) => parts.get(need)?.env))
    return stage.tasks().map((task) => ({ stage, task, env }))
  })
  .sort((one, other) => rank(nameOf(one)) - rank(nameOf(other)))
for (const { name, what } of selected) console.error(`${name.padEnd(10)} ${what}`)

const outcomes = await sideBySide(plan)
// What ends this has ended the tasks' processes, too: they have not passed. The process ends in a moment.
if (ending.signal.aborted) await new Promise(() => {})

const leftOut = outcomes.flatMap(({ recap }) => recap.leftOut)
for (const { recap } of outcomes)
  for (const { what, why } of recap.failures) console.log(`\n✗ ${what}\n${why.replace(/^/gm, '  ')}`)

const files = slowest(outcomes)
if (files.length > 0) console.log('\nThe slowest files:')
for (const { file, tests, ms } of files) console.log(`${seconds(ms).padStart(6)}  ${file} (${tests} tests)`)
console.log('')
for (const { test, lacks } of leftOut) console.log(`not run  ${test}: ${lacks}`)
for (const stage of selected) {
  const own = outcomes.filter((outcome) => outcome.stage === stage)
  const missing = lacking(stage.needs)
  const outcome = missing.length > 0 ? 'not run' : own.every(({ passed }) => passed) ? 'passed' : 'FAILED'
  console.log(`${outcome.padEnd(8)} ${stage.name.padEnd(10)} ${missing.join('; ') || times(own)}`)
}
console.log(`\n${seconds(performance.now() - started)} in all`)
for (const { recap } of outcomes) recap.close()

const isWhole =
  leftOut.length === 0 && selected.every(({ needs, wants }) => lacking([...needs, ...(wants ?? [])]).length === 0)
if (!isWhole && process.env.REQUIRE_ALL) console.log('REQUIRE_ALL is set: what was not run counts as failed.')
process.exitCode = outcomes.some(({ passed }) => !passed) || (!isWhole && process.env.REQUIRE_ALL) ? 1 : 0

/** Each task's time, those above a second by name. They ran beside others: the sum is more than what a clock on the wall says. */
function times(own: readonly Outcome[]): string {
  const tests = own.flatMap(({ recap }) => recap.finished).reduce((sum, { tests }) => sum + tests, 0)
  const sum = seconds(own.reduce((total, { ms }) => total + ms, 0))
  const named =
    own.length > 1 ? own.filter(({ ms }) => ms > 1000).map(({ task, ms }) => `${task.name} ${seconds(ms)}`) : []
  return [
    sum.padStart(6),
    ...(tests > 0 ? [`${tests} tests`] : []),
    ...(named.length > 0 ? [named.join(', ')] : []),
  ].join('  ')
}

function slowest(all: readonly Outcome[]) {
  const files = all.flatMap(({ recap }) => recap.finished)
  return files.toSorted((one, other) => other.ms - one.ms).slice(0, 12)
}

function rank(name: string): number {
  const index = longestFirst.indexOf(name)
  return index < 0 ? longestFirst.length : index
}
