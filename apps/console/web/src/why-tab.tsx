import type { LaneView } from '../../wire/frame.ts'
import type { RequestRecord, WhyStep } from '../../wire/record.ts'
import { OutcomePill, signs } from './mark.tsx'
import { usePage } from './page.ts'
import type { PageState } from './state.ts'

/** The chain from the cookie to the verdict, for the user's last request or the one that was chosen in the log. */
export function WhyTab({ user, lane }: { user: string; lane: LaneView }) {
  const { t, state, pinnedRecord } = usePage()
  const pinned = state.log.find((entry) => entry.kind === 'request' && entry.seq === pinnedRecord) as
    | RequestRecord
    | undefined
  const record = pinned ?? state.latest[`${lane.id}/${user}`]
  if (!record) return <p class="quiet">{t('inspector.nothing', { user })}</p>
  return <Chain record={record} />
}

function Chain({ record }: { record: RequestRecord }) {
  const { t, state } = usePage()
  const who = record.user ?? t('why.stranger')
  const others = elsewhere(record, state)
  return (
    <div class="why" data-seq={record.seq} data-outcome={record.outcome}>
      <h3>{t('why.title', { user: who, lane: t(`mode.${record.lane}`), n: record.seq })}</h3>
      <p class="quiet line">
        {t.any(`action.${record.action}`)} · {record.status || '–'} · {t('number.ms', { n: record.ms })}
      </p>
      <ol class="chain">
        {record.why.map((step, index) => (
          <Step key={index} step={step} />
        ))}
      </ol>
      <div class={`verdict ${record.outcome}`}>
        <span aria-hidden="true">{signs[record.outcome]} </span>
        {t(`outcome.${record.outcome}`)}
        <small>{t(`outcome.${record.outcome}.long`, { user: who })}</small>
      </div>
      {others.length > 0 && (
        <div class="elsewhere">
          <h4>{t('why.elsewhere')}</h4>
          {others.map(({ lane, outcome }) => (
            <p key={lane}>
              {t(`mode.${lane}`)} <OutcomePill outcome={outcome} />
            </p>
          ))}
        </div>
      )}
    </div>
  )
}

/** The same action is sent to all lanes at once; in a lane where the user is still waiting it leaves a little later, ms. */
const sameMs = 250

/** What became of the same action in each other lane, where the page still knows it. */
function elsewhere(record: RequestRecord, { lanes, latest, log }: PageState): RequestRecord[] {
  const known = [...log.filter((entry) => entry.kind === 'request'), ...Object.values(latest)]
  const distance = ({ at }: RequestRecord) => Math.abs(at - record.at)
  return lanes.flatMap(({ id }) => {
    if (id === record.lane || record.user === undefined) return []
    const same = known
      .filter(({ lane, user, action }) => lane === id && user === record.user && action === record.action)
      .toSorted((one, other) => distance(one) - distance(other))[0]
    return same && distance(same) <= sameMs ? [same] : []
  })
}

function Step({ step }: { step: WhyStep }) {
  const { t } = usePage()
  const values = { ...step.values, text: step.raw ?? '' }
  const note = t.any(`why.${step.key}.note`, values)
  return (
    <li class={step.bad ? 'bad' : ''} title={step.raw ? `${t('why.words')}: ${step.raw}` : undefined}>
      <b>{t.any(`why.${step.key}`, values)}</b>
      {note && <small>{note}</small>}
    </li>
  )
}
