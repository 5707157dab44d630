import { useState } from 'preact/hooks'
import type { LaneView } from '../../wire/frame.ts'
import type { FieldShown, HashShown, RedisShown } from '../../wire/inspection.ts'
import { useAsk } from './ask.ts'
import { CodecTrialCard } from './codec-card.tsx'
import { usePage } from './page.ts'
import { Segment } from './segment.tsx'
import { reasonIn } from './trouble.tsx'

/** The user's session as Redis holds it: the exact key, each field, and what the last request changed. */
export function RedisTab({ user, lane }: { user: string; lane: LaneView }) {
  const { t } = usePage()
  if (lane.mode !== 'clustered') return <p class="quiet">{t('redis.none')}</p>
  return (
    <div class="redis-tab">
      <Hash user={user} lane={lane} />
      <LaneCodec lane={lane} />
      <CodecTrialCard lane={lane} />
    </div>
  )
}

/** How the lane's servers write values, and the way to another one. */
function LaneCodec({ lane }: { lane: LaneView }) {
  const { t, open, tell } = usePage()
  const reason = lane.disabled.codec
  const why = reason === undefined ? undefined : t.any(`disabled.${reason}`)
  return (
    <section class="card">
      <h3>
        {t('codec.lane')} {lane.codec && <code data-lane-codec={lane.codec}>{lane.codec}</code>}
      </h3>
      <p class="quiet">{t('codec.lane.note')}</p>
      <button
        type="button"
        class="small"
        aria-disabled={why !== undefined}
        title={why}
        onClick={() =>
          reason === undefined ? open({ kind: 'confirm', action: 'codec', lane: lane.id }) : tell(reason)
        }
      >
        {t('do.codec')} …
      </button>
    </section>
  )
}

function Hash({ user, lane }: { user: string; lane: LaneView }) {
  const { t, state } = usePage()
  const [reveal, setReveal] = useState(false)
  const { answer, failure, again } = useAsk<RedisShown>('inspect/redis', { user, lane: lane.id, reveal }, [
    state.latest[`${lane.id}/${user}`],
    lane.redis?.state,
  ])
  const reason = failure ?? answer?.failure
  if (reason !== undefined) return <p class="quiet">{t('inspector.failed', { reason: reasonIn(reason, t) })}</p>
  if (!answer) return null
  if (!answer.hash) return <p class="quiet">{t('redis.nokey', { user })}</p>
  return (
    <>
      <h3>{t('redis.path')}</h3>
      <p class="path">
        <code>{answer.cookie}</code> <span aria-hidden="true">→</span>
        <br />
        <code class="break">{answer.key}</code>
      </p>
      <p class="quiet">{t('redis.path.note')}</p>
      <code class="block">{unbroken(answer.cli ?? '')}</code>
      <p class="quiet">
        {answer.hash.endsInMs === undefined
          ? t('redis.ttl.none')
          : t('redis.ttl', { s: seconds(answer.hash.endsInMs), key: seconds(answer.hash.ttlMs) })}
      </p>
      <div class="buttons row">
        <button type="button" class="small" aria-pressed={reveal} onClick={() => setReveal(!reveal)}>
          {t(reveal ? 'inspector.hide' : 'inspector.reveal')}
        </button>
        <button type="button" class="small" onClick={again}>
          {t('inspector.refresh')}
        </button>
      </div>
      <Fields hash={answer.hash} />
    </>
  )
}

const seconds = (ms: number): number => Math.ceil(ms / 1000)

/** A command whose last word, the key, goes to the next line whole rather than in two. */
function unbroken(command: string) {
  const last = command.lastIndexOf(' ') + 1
  return (
    <>
      {command.slice(0, last)}
      <span class="whole">{command.slice(last)}</span>
    </>
  )
}

function Fields({ hash }: { hash: HashShown }) {
  const { t } = usePage()
  const [raw, setRaw] = useState(false)
  return (
    <>
      <Segment small label={t('redis.fields')}>
        <button type="button" aria-pressed={!raw} onClick={() => setRaw(false)}>
          {t('redis.show.decoded')}
        </button>
        <button type="button" aria-pressed={raw} onClick={() => setRaw(true)}>
          {t('redis.show.raw')}
        </button>
      </Segment>
      <table class="fields">
        <thead>
          <tr>
            <th scope="col">{t('redis.field')}</th>
            <th scope="col">{t('redis.value')}</th>
            <th scope="col">{t('redis.bytes')}</th>
          </tr>
        </thead>
        <tbody>
          {hash.fields.map((field) => (
            <Field key={field.name} field={field} raw={raw} />
          ))}
        </tbody>
      </table>
      {hash.removed.length > 0 && <p class="quiet">{t('redis.removed', { names: hash.removed.join(', ') })}</p>}
      <p class="quiet">{t('redis.changed.hint')}</p>
    </>
  )
}

/** A field's name that breaks between its words, when it must. */
function breakable(name: string) {
  return name
    .split(/(?<=[a-z:])(?=[A-Z])|(?<=:)/)
    .flatMap((word, index) => (index === 0 ? [word] : [<wbr key={index} />, word]))
}

function Field({ field, raw }: { field: FieldShown; raw: boolean }) {
  const { t } = usePage()
  return (
    <tr class={field.change} data-field={field.name} data-unreadable={field.unreadable}>
      <td>
        <code class="break">{breakable(field.name)}</code>
        {field.unreadable && <span class="pill lost">{t('redis.unreadable')}</span>}
        {field.change !== 'same' && <span class="chip">{t(`redis.change.${field.change}`)}</span>}
      </td>
      <td>
        <code class="break">{raw ? field.raw : (field.decoded ?? field.raw)}</code>
      </td>
      <td>{field.bytes}</td>
    </tr>
  )
}
