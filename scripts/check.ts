/**
 * `npm run check`: every gate that needs no running system. CI runs the same.
 * All of them run even when one fails, so that one run names everything there is to mend.
 */
import { boundaryFaults } from './check/boundaries.ts'
import { decisionFaults } from './check/decisions.ts'
import { docsFaults } from './check/docs.ts'
import { figureFaults } from './check/figures.ts'
import { glossaryFaults } from './check/glossary.ts'
import { kubernetesFaults } from './check/kubernetes.ts'
import { reportFaults } from './check/report.ts'
import { variableFaults } from './check/variables.ts'
import { workflowFaults } from './check/workflows.ts'
import { root, run, turbo } from './workspace.ts'

type Gate = [name: string, passes: () => Promise<boolean>]

const quiet = ['--output-logs=errors-only']

const gates: Gate[] = [
  ['format and lint', () => run('biome', ['ci', '--error-on-warnings', '.'])],
  ['types', () => turbo('typecheck', quiet)],
  ['unused code and dependencies', () => run('knip', [])],
  ['import boundaries', () => faultless(boundaryFaults(root))],
  ['links and paths in the docs', () => faultless(docsFaults(root))],
  ['the index of the decisions', () => faultless(decisionFaults(root))],
  ["the README's claims and the lab's report", () => faultless(reportFaults(root))],
  ["the README's figures and the benches' results", () => faultless(figureFaults(root))],
  ['the words of docs/glossary', () => faultless(glossaryFaults(root))],
  ['variables in .env.example', () => faultless(variableFaults(root))],
  ['workflows', async () => faultless(await workflowFaults(root))],
  ['Kubernetes manifests', () => faultless(kubernetesFaults(root))],
  ["each package's own checks", () => turbo('check', quiet)],
]

async function faultless(faults: string[]): Promise<boolean> {
  for (const fault of faults) console.error(`  ${fault}`)
  return faults.length === 0
}

const failed: string[] = []
for (const [name, passes] of gates) {
  console.error(`\n▸ ${name}`)
  if (!(await passes())) failed.push(name)
}

console.log(failed.length === 0 ? `\ncheck: all ${gates.length} gates pass` : `\ncheck: failed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
