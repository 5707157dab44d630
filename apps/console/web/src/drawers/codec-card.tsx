import { useState } from 'preact/hooks'
import { type CodecTrial, codecs, type SampleName, samples, type TrialCodec } from '../../../wire/codec.ts'
import type { LaneView } from '../../../wire/frame.ts'
import { calls } from '../model/calls.ts'
import { usePage } from '../model/page.ts'

/** Stores one value in the lane's Redis with a codec, reads it back, and shows all three. */
export function CodecTrialCard({ lane }: { lane: LaneView }) {
  const page = usePage()
  const { t, attempt } = page
  const [codec, setCodec] = useState<TrialCodec>(lane.codec ?? 'json')
  const [sample, setSample] = useState<SampleName>('class')
  // The tour makes trials too, and they show in the same card.
  const trial = page.trial.value
  const disabled = lane.disabled['codec-trial']
  const run = (event: Event) => {
    event.preventDefault()
    attempt(
      calls.codec(lane.id, codec, sample).then((made) => {
        page.trial.value = made
      }),
    )
  }
  return (
    <form class="card codec" onSubmit={run}>
      <h3>{t('codec.title')}</h3>
      {trial && <Trial trial={trial} />}
      {disabled && <p class="quiet">{t.any(`disabled.${disabled}`)}</p>}
      <div class="row">
        <div class="field">
          <label for="codec-name">{t('codec.codec')}</label>
          <select id="codec-name" value={codec} onChange={(event) => setCodec(event.currentTarget.value as TrialCodec)}>
            {codecs.map((name) => (
              <option key={name} value={name}>
                {t(`codec.${name}`)}
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="codec-sample">{t('codec.sample')}</label>
          <select
            id="codec-sample"
            value={sample}
            onChange={(event) => setSample(event.currentTarget.value as SampleName)}
          >
            {samples.map((name) => (
              <option key={name} value={name}>
                {t(`sample.${name}`)}
              </option>
            ))}
          </select>
        </div>
      </div>
      <button type="submit" disabled={disabled !== undefined}>
        {t('codec.run')}
      </button>
    </form>
  )
}

function Trial({ trial }: { trial: CodecTrial }) {
  const { t } = usePage()
  const tone = trial.verdict === 'same' ? 'found' : trial.verdict === 'changed' ? 'lost' : 'miss'
  return (
    <div role="status" data-verdict={trial.verdict}>
      <p class={`outcome o-${tone}`}>
        {t(`codec.${trial.verdict}`)}
        <small>
          {t(`codec.${trial.codec}`)} · {t(`sample.${trial.sample}`)}
        </small>
        {trial.reason && (
          <small>
            <code lang="en">{trial.reason}</code>
          </small>
        )}
      </p>
      <dl>
        <dt>{t('codec.went')}</dt>
        <dd>
          <code class="break">{trial.value}</code>
        </dd>
        {trial.raw !== undefined && (
          <>
            <dt>{t('codec.bytes', { n: trial.bytes ?? 0 })}</dt>
            <dd>
              <code class="break">{trial.raw}</code>
            </dd>
            <dt>{t('codec.back')}</dt>
            <dd>
              <code class="break">{trial.back}</code>
            </dd>
          </>
        )}
      </dl>
    </div>
  )
}
