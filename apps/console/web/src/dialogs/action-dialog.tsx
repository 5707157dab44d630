import { type CodecName, codecNames } from '@session-cluster/contract'
import { useState } from 'preact/hooks'
import { applies } from '../../../wire/applies.ts'
import { codecConsequence } from '../../../wire/codec-change.ts'
import { type Consequence, consequence, isGone } from '../../../wire/consequence.ts'
import { type LaneAction, type LaneView, type NodeAction, nodeActions } from '../../../wire/frame.ts'
import { Segment } from '../drawers/segment.tsx'
import { calls, type Scope } from '../model/calls.ts'
import { type Dialog, usePage } from '../model/page.ts'
import { Modal } from './modal.tsx'

type Confirm = Extract<Dialog, { kind: 'confirm' }>

const isNodeAction = (action: NodeAction | LaneAction): action is NodeAction =>
  (nodeActions as readonly string[]).includes(action)

/** Says what an action will come to, lane by lane, before it is done. */
export function ActionDialog({ dialog }: { dialog: Confirm }) {
  const { t, state, open, attempt } = usePage()
  const { action, node } = dialog
  const several = state.lanes.length > 1 && !action.startsWith('redis') && action !== 'codec'
  const [scope, setScope] = useState<Scope>(several ? 'all' : (dialog.lane ?? state.lanes[0]?.id ?? 'all'))
  const [amount, setAmount] = useState(action === 'weight' ? 2 : 200)
  const now = state.lanes.find(({ codec }) => codec)?.codec
  const [codec, setCodec] = useState<CodecName>(codecNames.findLast((name) => name !== now) ?? 'registry')
  const lanes = state.lanes.filter(
    (lane) => lane.state === 'ready' && (scope === 'all' || lane.id === scope) && concerns(action, node, lane),
  )
  const possible = lanes.some((lane) => lane.disabled[action] === undefined && changes(action, node, lane))
  const title = node === undefined ? t(`do.${action}`) : t('nodes.for', { action: t(`do.${action}`), node })
  const foretell = (lane: LaneView) =>
    action === 'codec' ? codecConsequence(lane, state.users, codec) : consequence(action, lane, state.users, node)
  const confirm = (event: Event) => {
    event.preventDefault()
    if (!possible) return
    open(undefined)
    attempt(
      isNodeAction(action)
        ? calls.node(scope, node ?? '', action, valueFor(action, amount))
        : calls.lane(scope, action, action === 'codec' ? { codec } : { node }),
    )
  }
  return (
    <Modal title={title}>
      <form onSubmit={confirm}>
        {several && <Where scope={scope} lane={dialog.lane} onScope={setScope} />}
        {(action === 'weight' || action === 'slow') && (
          <label class="amount">
            {t(`do.${action}.label`)}
            <input
              type="number"
              min="0"
              max={action === 'weight' ? 1000 : 10_000}
              value={amount}
              onInput={(event) => setAmount(event.currentTarget.valueAsNumber)}
              required
            />
          </label>
        )}
        {action === 'codec' && <WhichCodec now={now} codec={codec} onCodec={setCodec} />}
        <h3>{t('do.preview')}</h3>
        <ul class="preview">
          {lanes.map((lane) => (
            <Preview
              key={lane.id}
              lane={lane}
              what={foretell(lane)}
              disabled={lane.disabled[action]}
              risky={risky.has(action)}
            />
          ))}
          {lanes.length === 0 && <li>{t('do.nowhere')}</li>}
        </ul>
        <div class="row end">
          <button type="button" onClick={() => open(undefined)}>
            {t('do.cancel')}
          </button>
          {/* Not `disabled`: what somebody else does meanwhile must not take the focus from it. */}
          <button type="submit" class="primary" data-first aria-disabled={!possible}>
            {title}
          </button>
        </div>
      </form>
    </Modal>
  )
}

function valueFor(action: NodeAction, amount: number): { weight?: number; slowMs?: number } {
  if (action === 'weight') return { weight: amount }
  return action === 'slow' ? { slowMs: amount } : {}
}

function WhichCodec({
  now,
  codec,
  onCodec,
}: {
  now: CodecName | undefined
  codec: CodecName
  onCodec: (codec: CodecName) => void
}) {
  const { t } = usePage()
  return (
    <fieldset class="choices">
      <legend>{t('codec.which')}</legend>
      {codecNames.map((name) => (
        <label key={name}>
          <input type="radio" name="codec" value={name} checked={name === codec} onChange={() => onCodec(name)} />
          <span>
            <code>{name}</code> {name === now && <span class="chip">{t('codec.now')}</span>}
            <small>{t(`codec.${name}.long`)}</small>
          </span>
        </label>
      ))}
    </fieldset>
  )
}

function Where({
  scope,
  lane,
  onScope,
}: {
  scope: Scope
  lane: LaneView['id'] | undefined
  onScope: (scope: Scope) => void
}) {
  const { t, place } = usePage()
  const one = lane ?? place.lane
  return (
    <Segment label={t('do.where')}>
      <button type="button" aria-pressed={scope === 'all'} onClick={() => onScope('all')}>
        {t('do.all')}
      </button>
      <button type="button" aria-pressed={scope === one} onClick={() => onScope(one)}>
        {t('do.one', { lane: t(`mode.${one}`) })}
      </button>
    </Segment>
  )
}

/** What can cost sessions: only of these does it mean something that nothing is lost. */
const risky: ReadonlySet<string> = new Set(['crash', 'stop', 'restart', 'remove', 'rolling', 'codec'])

/** Whether it would do anything in this lane: there is such a server, and it stands so that this can be done. */
function changes(action: NodeAction | LaneAction, name: string | undefined, { nodes }: LaneView): boolean {
  const node = nodes.find((one) => one.name === name)
  return name === undefined || (node !== undefined && applies(action, node))
}

/** Whether there is anything to say of it in this lane: it would do something, or the server is gone already. */
function concerns(action: NodeAction | LaneAction, name: string | undefined, lane: LaneView): boolean {
  return changes(action, name, lane) || lane.nodes.some((node) => node.name === name && isGone(node))
}

function Preview({
  lane,
  what,
  disabled,
  risky,
}: {
  lane: LaneView
  what: Consequence
  /** Why it cannot be had in this lane. */
  disabled: string | undefined
  risky: boolean
}) {
  const { t } = usePage()
  if (disabled !== undefined)
    return (
      <li data-preview={lane.id} data-losing={0}>
        <b>{t(`mode.${lane.id}`)}</b> {t.any(`disabled.${disabled}`)}
      </li>
    )
  const tone = what.losing > 0 ? 'losing' : risky ? 'safe' : ''
  return (
    <li data-preview={lane.id} data-losing={what.losing} class={tone}>
      <b>{t(`mode.${lane.id}`)}</b> {t.any(`consequence.${what.key}`, what.values)}
    </li>
  )
}
