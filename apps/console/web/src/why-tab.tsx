import type { LaneView } from '../../wire/frame.ts'
import type { RequestRecord, WhyStep } from '../../wire/record.ts'
import { elsewhere } from './elsewhere.ts'
import { OutcomePill, signs } from './mark.tsx'
import { usePage } from './page.ts'

/** The chain from the cookie to the verdict, for the user's last request or the one that was chosen in the log. */
export function WhyTab({ user, lane }: { user: string; lane: LaneView }) {
  const { t, state, pinnedRecord } = usePage()
  const record = pinnedRecord ?? state.latest[`${lane.id}/${user}`]
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
