import type { LaneView } from '../../../wire/frame.ts'
import { signs } from '../../../wire/marks.ts'
import type { RequestRecord, WhyStep } from '../../../wire/record.ts'
import { elsewhere } from '../model/elsewhere.ts'
import { usePage } from '../model/page.ts'

/** The chain from the cookie to the verdict, lane by lane: of the user's last request, or of the one that was chosen among the events. */
export function WhyDrawer({ user, lane }: { user: string; lane: LaneView }) {
  const { t, state, pinnedRecord } = usePage()
  const same =
    pinnedRecord && [pinnedRecord, ...elsewhere(pinnedRecord, state)].find((record) => record.lane === lane.id)
  const record = pinnedRecord ? same : state.latest[`${lane.id}/${user}`]
  if (!record) return <p class="quiet">{t('inspector.nothing', { user })}</p>
  return <Chain record={record} />
}

function Chain({ record }: { record: RequestRecord }) {
  const { t } = usePage()
  const who = record.user ?? t('why.stranger')
  return (
    <div class="why" data-why={record.lane} data-seq={record.seq} data-outcome={record.outcome}>
      <p class="quiet line">
        {t('why.title', { user: who, n: record.seq })} · {t.any(`action.${record.action}`)} · {record.status || '–'} ·{' '}
        {t('number.ms', { n: record.ms })}
      </p>
      <ol class="chain">
        {record.why.map((step, index) => (
          <Step key={index} step={step} />
        ))}
      </ol>
      <p class={`outcome o-${record.outcome}`}>
        <b>
          <span aria-hidden="true">{signs[record.outcome]} </span>
          {t(`outcome.${record.outcome}`)}
        </b>{' '}
        {t(`outcome.${record.outcome}.long`, { user: who })}
      </p>
    </div>
  )
}

function Step({ step }: { step: WhyStep }) {
  const { t } = usePage()
  const values = { ...step.values, text: step.raw ?? '' }
  const note = t.any(`why.${step.key}.note`, values)
  return (
    <li class={step.bad ? 'bad' : ''}>
      <b>{t.any(`why.${step.key}`, values)}</b>
      {note && <small>{note}</small>}
      {step.raw && step.key !== 'raw' && (
        <small>
          {t('why.words')}: <span lang="en">{step.raw}</span>
        </small>
      )}
    </li>
  )
}
