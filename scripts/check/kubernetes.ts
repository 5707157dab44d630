/** The Kubernetes manifests, rendered by kubectl and held against Kubernetes' published schemas, without a cluster. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Its schemas go up to the Kubernetes release that has the same number. */
const VALIDATOR = 'kubernetes-validate==1.37.0'

/** A control: what passes this sees nothing. */
const MISSPELT = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'a' },
  spec: { selectors: { app: 'a' }, ports: [{ port: 80 }] },
})

/** What is wrong with the overlays, a line each; or why they could not be looked at, which only `REQUIRE_ALL` makes a fault. */
export function kubernetesFaults(root: string): string[] {
  const validator = findValidator(join(root, '.cache/kubernetes-validate'))
  const missing = spawnSync('kubectl', ['version', '--client']).error ? 'no kubectl' : validator.missing
  if (missing !== undefined) {
    if (process.env.REQUIRE_ALL) return [missing]
    console.error(`  not run: ${missing}`)
    return []
  }
  if (validate(validator.program, MISSPELT).length === 0) return ['the validator accepts a field that does not exist']
  const overlays = join(root, 'deploy/kubernetes/overlays')
  return readdirSync(overlays).flatMap((name) => {
    const rendered = spawnSync('kubectl', ['kustomize', join(overlays, name)], { encoding: 'utf8' })
    if (rendered.status !== 0) return [`overlay ${name}: ${rendered.stderr.trim()}`]
    return validate(validator.program, rendered.stdout).map((fault) => `overlay ${name}: ${fault}`)
  })
}

/** The faults of rendered manifests, unknown fields included. */
function validate(program: string, yaml: string): string[] {
  const { status, stdout, stderr } = spawnSync(program, ['--strict', '-'], { input: yaml, encoding: 'utf8' })
  if (status === 0) return []
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => /error|invalid|not valid|additional/i.test(line))
  return lines.length > 0 ? lines : [`${stdout}${stderr}`.trim()]
}

/** The validator, installed privately where Python is. */
function findValidator(folder: string): { program: string; missing?: string } {
  const program = join(folder, 'bin/kubernetes-validate')
  if (existsSync(program)) return { program }
  const steps: [string, string[]][] = [
    ['python3', ['-m', 'venv', folder]],
    [join(folder, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', VALIDATOR]],
  ]
  for (const [command, args] of steps) {
    const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' })
    const why = (error?.message ?? stderr).trim().split('\n').at(-1)
    if (status !== 0) return { program, missing: `${VALIDATOR} cannot be installed by Python (${why})` }
  }
  return { program }
}
