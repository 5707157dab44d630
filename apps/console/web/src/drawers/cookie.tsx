import { useState } from 'preact/hooks'
import type { LaneView } from '../../../wire/frame.ts'
import type { CookieShown } from '../../../wire/inspection.ts'
import type { RequestRecord } from '../../../wire/record.ts'
import { useAsk } from '../model/ask.ts'
import { calls } from '../model/calls.ts'
import { usePage } from '../model/page.ts'
import { reasonIn } from '../model/trouble.ts'

/** The user's jar in one lane, each cookie taken apart, and a forged one to send. */
export function CookieDrawer({ user, lane }: { user: string; lane: LaneView }) {
  const { t, state } = usePage()
  const [reveal, setReveal] = useState(false)
  const last = state.latest[`${lane.id}/${user}`]
  const { answer, failure } = useAsk<{ cookies: CookieShown[] }>('inspect/cookie', { user, lane: lane.id, reveal }, [
    last,
  ])
  if (failure) return <p class="quiet">{t('inspector.failed', { reason: reasonIn(failure, t) })}</p>
  if (!answer) return null
  return (
    <div class="cookies">
      <button type="button" class="small" aria-pressed={reveal} onClick={() => setReveal(!reveal)}>
        {t(reveal ? 'inspector.hide' : 'inspector.reveal')}
      </button>
      {answer.cookies.length === 0 && <p class="quiet">{t('cookie.none', { user })}</p>}
      {answer.cookies.map((cookie) => (
        <Cookie key={cookie.name} cookie={cookie} user={user} lane={lane} />
      ))}
    </div>
  )
}

function Cookie({ cookie, user, lane }: { cookie: CookieShown; user: string; lane: LaneView }) {
  const { t } = usePage()
  return (
    <section class="card" data-cookie={cookie.name}>
      <h3>
        <code>{cookie.name}</code>
        <small>{t(`cookie.kind.${cookie.kind}`)}</small>
      </h3>
      <dl>
        <dt>{t('cookie.value')}</dt>
        <dd>
          <code class="break">{cookie.value}</code> <small>{t('cookie.bytes', { n: cookie.bytes })}</small>
        </dd>
        {cookie.parts.map((part) => (
          <div key={part.key}>
            <dt>{t.any(`cookie.part.${part.key}`)}</dt>
            <dd>
              <code class="break">{part.value}</code>
            </dd>
          </div>
        ))}
        <dt>{t('cookie.flags')}</dt>
        <dd class="flags">
          {cookie.attributes.length > 0
            ? cookie.attributes.map((flag) => <code key={flag}>{flag}</code>)
            : t('cookie.flags.none')}
        </dd>
      </dl>
      <Forge cookie={cookie} user={user} lane={lane} />
    </section>
  )
}

function Forge({ cookie, user, lane }: { cookie: CookieShown; user: string; lane: LaneView }) {
  const { t, attempt } = usePage()
  const [value, setValue] = useState('')
  const [record, setRecord] = useState<RequestRecord>()
  const send = (event: Event) => {
    event.preventDefault()
    attempt(calls.forge(lane.id, user, cookie.name, value).then((answer) => setRecord(answer.record)))
  }
  const id = `forge-${lane.id}-${cookie.name}`
  return (
    <form class="forge" onSubmit={send}>
      <label for={id}>{t('cookie.forge.label', { name: cookie.name })}</label>
      <div class="row">
        <input
          id={id}
          value={value}
          onInput={(event) => setValue(event.currentTarget.value)}
          autocomplete="off"
          spellcheck={false}
          required
        />
        <button type="submit">{t('cookie.forge.send')}</button>
      </div>
      <small>{t('cookie.forge.hint')}</small>
      {record && (
        <p role="status" class={`outcome o-${record.outcome}`} data-forged={record.outcome}>
          {cookie.kind === 'affinity'
            ? t(honoured(record) ? 'cookie.forge.affinity.stolen' : 'cookie.forge.affinity', {
                node: record.node ?? '–',
              })
            : record.outcome === 'found'
              ? t('cookie.forge.accepted')
              : t('cookie.forge.refused', { outcome: refusalWords(record, t), status: record.status })}
        </p>
      )}
    </form>
  )
}

/** The balancer took the affinity cookie for one of its own making. */
const honoured = (record: RequestRecord): boolean => record.why.some(({ key }) => key === 'affinity.pinned')

/** The step of the why line that went wrong, in words. */
function refusalWords(record: RequestRecord, t: ReturnType<typeof usePage>['t']): string {
  const step = record.why.findLast(({ bad }) => bad)
  return step ? t.any(`why.${step.key}`, step.values) : t(`outcome.${record.outcome}`)
}
