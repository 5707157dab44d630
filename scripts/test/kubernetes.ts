/**
 * Runs the image as the Kubernetes manifests say: each container's command, environment, user, probes and locked file system, taken from
 * the rendered overlay, in a real container engine. A walk through start, ready, SIGTERM and drain; no load.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { parseAllDocuments } from 'yaml'
import { root } from '../workspace.ts'
import { tell } from './recap.ts'

interface Probe {
  httpGet?: { path: string; port: string }
  periodSeconds: number
  failureThreshold?: number
}
interface Container {
  name: string
  image: string
  command: string[]
  env: {
    name: string
    value?: string
    valueFrom?: { fieldRef?: object; secretKeyRef?: { name: string; key: string } }
  }[]
  ports: { name: string; containerPort: number }[]
  startupProbe?: Probe
  readinessProbe: Probe
  livenessProbe: Probe
  volumeMounts: { name: string; mountPath: string }[]
}
interface PodTemplate {
  spec: { securityContext: { runAsUser: number }; terminationGracePeriodSeconds: number; containers: Container[] }
}

const project = `session-cluster-kubernetes-${process.pid}`
/** What `secrets.sh` makes; the values are this walk's own. */
const secrets: Record<string, Record<string, string>> = {
  redis: { password: 'a-password', url: 'redis://:a-password@redis:6379' },
  balancer: { 'affinity-secret': 'an-affinity-secret', 'admin-token': 'an-admin-token' },
}
const templates = render('redis')
const started: string[] = []
const volumes: string[] = []
let failed = false

try {
  docker('build', '--tag', 'session-cluster', '.')
  docker('network', 'create', project)
  await run('redis')
  const servers = await Promise.all([run('server', 'server-0'), run('server', 'server-1')])
  const balancer = await run('balancer')
  await walk(balancer)
  // A balancer without servers has nothing to serve while it drains.
  await drains('balancer', balancer)
  for (const server of servers) await drains('server', server)
  console.log('kubernetes: the image runs, drains and ends as the manifests say')
} catch (error) {
  failed = true
  console.error(error)
  tell({ what: 'the image as the Kubernetes manifests run it', why: String(error) })
  for (const name of started) spawnSync('docker', ['logs', '--tail', '20', name], { stdio: ['ignore', 2, 2] })
} finally {
  for (const name of started) spawnSync('docker', ['rm', '--force', '--volumes', name])
  if (volumes.length > 0) spawnSync('docker', ['volume', 'rm', ...volumes])
  spawnSync('docker', ['network', 'rm', project])
}
process.exitCode = failed ? 1 : 0

function render(overlay: string): Record<string, PodTemplate> {
  const yaml = execFileSync('kubectl', ['kustomize', `deploy/kubernetes/overlays/${overlay}`], { cwd: root })
  const found: Record<string, PodTemplate> = {}
  for (const document of parseAllDocuments(yaml.toString())) {
    const { kind, metadata, spec } = document.toJS()
    if (kind === 'Deployment' || kind === 'StatefulSet') found[metadata.name] = spec.template
  }
  return found
}

/** Starts a pod's container and waits until its startup and readiness probes pass, within what the manifest allows. */
async function run(deployment: string, pod = deployment): Promise<string> {
  const { container, user } = podOf(deployment)
  const name = `${project}-${pod}`
  started.push(name)
  const env = container.env.flatMap(({ name: variable, value, valueFrom }) => {
    const { secretKeyRef, fieldRef } = valueFrom ?? {}
    const given = secretKeyRef ? secrets[secretKeyRef.name]?.[secretKeyRef.key] : fieldRef ? pod : value
    assert(given !== undefined, `${deployment}: ${variable} has no value`)
    return ['--env', `${variable}=${given}`]
  })
  const [program = '', ...args] = container.command
  docker(
    ...['run', '--detach', '--name', name, '--network', project, '--network-alias', deployment],
    ...['--user', String(user), '--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
    ...container.volumeMounts.flatMap((mount) => [
      '--volume',
      `${volumeOf(name, container, mount)}:${mount.mountPath}:nocopy`,
    ]),
    ...env,
    ...['--entrypoint', program, container.image, ...args],
  )
  const probe = container.startupProbe ?? container.readinessProbe
  if (probe.httpGet) await passes(name, container, probe)
  return name
}

/** An empty volume that the pod's user may write to, as Kubernetes makes one by `fsGroup`. */
function volumeOf(
  name: string,
  { image }: Container,
  { name: volume, mountPath }: { name: string; mountPath: string },
): string {
  const made = `${name}-${volume}`
  docker('volume', 'create', made)
  volumes.push(made)
  docker(
    'run',
    '--rm',
    '--user',
    'root',
    '--volume',
    `${made}:${mountPath}:nocopy`,
    '--entrypoint',
    'chmod',
    image,
    '1777',
    mountPath,
  )
  return made
}

async function passes(name: string, container: Container, probe: Probe): Promise<void> {
  for (let failures = 0; failures < (probe.failureThreshold ?? 3); failures++) {
    if ((await ask(name, container, probe.httpGet)) === 200) return
    await wait(probe.periodSeconds * 1000)
  }
  throw new Error(`${name}: the probe of ${probe.httpGet?.path} does not pass`)
}

/** One session, saved and read back through the balancer, by whichever server it picks. */
async function walk(balancer: string): Promise<void> {
  const base = `http://${address(balancer)}:8000`
  const saved = await fetch(`${base}/set?q=password`)
  const cookie = saved.headers
    .getSetCookie()
    .map((text) => text.split(';')[0])
    .join('; ')
  const seen = new Set<string | null>()
  for (let i = 0; i < 4; i++) {
    const got = await fetch(`${base}/get`, { headers: { cookie } })
    assert.equal((await got.text()).trim(), 'password')
    seen.add(got.headers.get('x-served-by'))
  }
  assert.deepEqual([...seen].sort(), ['server-0', 'server-1'])
}

/** SIGTERM: not ready any more, still alive and serving, then gone by itself, well before Kubernetes would kill it. */
async function drains(deployment: string, name: string): Promise<void> {
  const { container, graceSeconds } = podOf(deployment)
  const at = performance.now()
  docker('kill', '--signal', 'TERM', name)
  while ((await ask(name, container, container.readinessProbe.httpGet)) === 200) await wait(100)
  assert.equal(await ask(name, container, container.readinessProbe.httpGet), 503, `${name} is not ready after SIGTERM`)
  assert.equal(await ask(name, container, container.livenessProbe.httpGet), 200, `${name} is alive after SIGTERM`)
  const traffic = container.ports.find(({ name: port }) => port === 'http')?.containerPort
  const { status } = await fetch(`http://${address(name)}:${traffic}/`)
  assert.equal(status, 200, `${name} serves while it drains`)
  const exitCode = execFileSync('docker', ['wait', name], { encoding: 'utf8' }).trim()
  const seconds = (performance.now() - at) / 1000
  assert.equal(exitCode, '0', `${name} ends well`)
  assert(seconds < graceSeconds, `${name} took ${seconds.toFixed(1)} s to end, and is killed after ${graceSeconds} s`)
}

function podOf(deployment: string) {
  const template = templates[deployment]
  const container = template?.spec.containers[0]
  assert(template && container, `no ${deployment} in the manifests`)
  const { securityContext, terminationGracePeriodSeconds = 30 } = template.spec
  return { container, user: securityContext.runAsUser, graceSeconds: terminationGracePeriodSeconds }
}

/** The status of what a probe asks for, or `undefined` when nobody answers. */
async function ask(name: string, container: Container, get: Probe['httpGet']): Promise<number | undefined> {
  const port = container.ports.find((one) => one.name === get?.port)?.containerPort
  try {
    return (await fetch(`http://${address(name)}:${port}${get?.path}`, { signal: AbortSignal.timeout(1000) })).status
  } catch {
    return undefined
  }
}

function address(name: string): string {
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
  return execFileSync('docker', ['inspect', '--format', format, name], { encoding: 'utf8' }).trim()
}

function docker(...args: string[]): void {
  const { status } = spawnSync('docker', args, { cwd: root, stdio: ['ignore', 'ignore', 2] })
  if (status !== 0) throw new Error(`docker ${args[0]} exited with ${status}`)
}
