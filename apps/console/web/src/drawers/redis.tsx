import { useState } from 'preact/hooks'
import type { LaneView } from '../../../wire/frame.ts'
import type { FieldShown, HashShown, RedisShown } from '../../../wire/inspection.ts'
import { useAsk } from '../model/ask.ts'
import { usePage } from '../model/page.ts'
import { reasonIn } from '../model/trouble.ts'
import { CodecTrialCard } from './codec-card.tsx'

/** The user's session as Redis holds it, in full width: the way from cookie to key, each field decoded and raw, and what changed. */
export function RedisDrawer({ user, lane }: { user: string; lane: LaneView }) {
  const { t } = usePage()
  if (!lane.redis) return <p class="quiet">{t('redis.none')}</p>
  return (
    <div class="redis-drawer">
      <Hash user={user} lane={lane} />
      <div class="codecs">
        <CodecTrialCard lane={lane} />
        <LaneCodec lane={lane} />
      </div>
    </div>
  )
}

/** How the lane's servers write values, and the way to another one. */
function LaneCodec({ lane }: { lane: LaneView }) {
  const { t, open, tell } = usePage()
  const reason = lane.disabled.codec
  const why = reason === undefined ? undefined : t.any(`disabled.${reason}`)
  return (
    <section class="card" data-lane-codec={lane.codec}>
      <h3>
        {t('codec.lane')} {lane.codec && <code>{lane.codec}</code>}
      </h3>
      <p class="quiet">{t('codec.lane.note')}</p>
      <button
        type="button"
        aria-disabled={why !== undefined}
        onClick={() =>
          reason === undefined ? open({ kind: 'confirm', action: 'codec', lane: lane.id }) : tell(reason)
        }
      >
        {t('do.codec')} …
      </button>
      {why && <small>{why}</small>}
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
    <div class="hash">
      <div class="path">
        <p>
          <small>{t('redis.path.cookie', { user })}</small>
          <code>{answer.cookie}</code>
        </p>
        <span aria-hidden="true">→</span>
        <p>
          <small>{t('redis.path.note')}</small>
          <code>SHA-256</code>
        </p>
        <span aria-hidden="true">→</span>
        <p>
          <small>{t('redis.path.key')}</small>
          <code data-key>{answer.key}</code>
        </p>
      </div>
      <Fields hash={answer.hash} />
      <div class="row foot">
        <span class="quiet">{t('redis.changed.hint')}</span>
        <span class="grow" />
        <span class="quiet">
          {answer.hash.endsInMs === undefined
            ? t('redis.ttl.none')
            : t('redis.ttl', { s: seconds(answer.hash.endsInMs), key: seconds(answer.hash.ttlMs) })}
        </span>
        <button type="button" class="small" data-reveal aria-pressed={reveal} onClick={() => setReveal(!reveal)}>
          {t(reveal ? 'inspector.hide' : 'inspector.reveal')}
        </button>
        <button type="button" class="small" onClick={again}>
          {t('inspector.refresh')}
        </button>
      </div>
      <p class="quiet">
        <code class="block">{answer.cli}</code>
      </p>
    </div>
  )
}

const seconds = (ms: number): number => Math.ceil(ms / 1000)

function Fields({ hash }: { hash: HashShown }) {
  const { t } = usePage()
  return (
    <>
      <table class="fields">
        <thead>
          <tr>
            {(['field', 'decoded', 'raw', 'bytes'] as const).map((name) => (
              <th scope="col" key={name}>
                {t(`redis.${name}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {hash.fields.map((field) => (
            <Field key={field.name} field={field} />
          ))}
        </tbody>
      </table>
      {hash.removed.length > 0 && <p class="quiet">{t('redis.removed', { names: hash.removed.join(', ') })}</p>}
    </>
  )
}

function Field({ field }: { field: FieldShown }) {
  const { t } = usePage()
  return (
    <tr class={field.change} data-field={field.name} data-unreadable={field.unreadable}>
      <td>
        <code class="break">{field.name}</code>
        {field.unreadable && <span class="pill o-unreadable">{t('redis.unreadable')}</span>}
        {field.change !== 'same' && <span class="chip">{t(`redis.change.${field.change}`)}</span>}
      </td>
      <td>
        <code class="break">{field.decoded ?? '–'}</code>
      </td>
      <td>
        <code class="break">{field.raw}</code>
      </td>
      <td>{field.bytes}</td>
    </tr>
  )
}
