import { useEffect } from 'preact/hooks'
import { type LaneView, type NodeAction, type NodeView, nodeActions } from '../../../wire/frame.ts'
import { StatePill } from '../drawers/state-pill.tsx'
import { usePage } from '../model/page.ts'
import { Modal } from './modal.tsx'

/** Everything about one server, and everything that can be done to it. */
export function NodeDialog({ lane: id, node: name }: { lane: LaneView['id']; node: string }) {
  const { t, state, open } = usePage()
  const lane = state.lanes.find((candidate) => candidate.id === id)
  const node = lane?.nodes.find((candidate) => candidate.name === name)
  const gone = !lane || !node
  useEffect(() => {
    // Removed while it was looked at: a dialog that is not there must not keep the keys to itself.
    if (!gone) return
    open(undefined)
    // What opened it was most likely in that server's row, and goes with it.
    document.getElementById('stage')?.focus()
  }, [gone])
  if (gone) return null
  const facts: readonly (readonly [string, string | number | undefined])[] = [
    [t('nodes.weight'), node.weight],
    [t('nodes.inFlight'), node.inFlight],
    [t('nodes.rate'), node.rate.toFixed(1)],
    [t('nodes.latency.all'), [node.p50, node.p95, node.p99].map((ms) => ms?.toFixed(1) ?? '–').join(' / ')],
    [t('nodes.slow'), node.slowMs > 0 ? t('number.ms', { n: node.slowMs }) : undefined],
    [t('nodes.answers'), `${node.answers.ok} / ${node.answers.client} / ${node.answers.server}`],
    [t('nodes.held'), node.held],
    [t('nodes.pinned'), node.pinned.join(', ') || undefined],
    [t('nodes.gone'), node.gone],
    [t('nodes.redispatches'), node.redispatches],
    [t('nodes.store'), node.storeCommandsPerRequest?.toFixed(1)],
    [t('nodes.heap'), node.heapBytes && `${Math.round(node.heapBytes / 1024 / 1024)} MB`],
    [t('nodes.uptime'), node.uptimeMs && `${Math.floor(node.uptimeMs / 1000)} s`],
    [t('nodes.check'), node.lastCheck],
  ]
  return (
    <Modal title={t('do.node.title', { node: name, lane: t(`mode.${id}`) })}>
      <p>
        <StatePill node={node} /> <code>{node.url}</code>
      </p>
      <dl class="facts">
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value ?? '–'}</dd>
          </div>
        ))}
      </dl>
      <h3>{t('nodes.actions')}</h3>
      <div class="buttons wrap">
        {nodeActions
          .filter((action) => makesSense(action, node))
          .map((action) => (
            <Do key={action} lane={lane} node={name} action={action} />
          ))}
        <Do lane={lane} node={name} action="remove" />
      </div>
    </Modal>
  )
}

function makesSense(action: NodeAction, { process, state }: NodeView): boolean {
  if (process === 'frozen') return action === 'thaw' || action === 'crash'
  if (process === 'crashed' || process === 'stopped') return action === 'restart'
  if (action === 'ready') return state === 'draining' || state === 'maintenance'
  return action !== 'thaw' && action !== stateAfter[state]
}

/** What has been done to a server that stands so, and need not be done again. */
const stateAfter: Readonly<Record<string, NodeAction>> = { draining: 'drain', maintenance: 'maintenance' }

function Do({ lane, node, action }: { lane: LaneView; node: string; action: NodeAction | 'remove' }) {
  const { t, open, tell } = usePage()
  const reason = lane.disabled[action]
  return (
    <button
      type="button"
      data-do={action}
      aria-disabled={reason !== undefined}
      onClick={() => (reason === undefined ? open({ kind: 'confirm', action, node, lane: lane.id }) : tell(reason))}
    >
      {t(`do.${action}`)}
      {reason !== undefined && <small>{t.any(`disabled.${reason}`)}</small>}
    </button>
  )
}
