import type { LaneView } from '../../../wire/frame.ts'
import type { NodeAnswer, SessionShown } from '../../../wire/inspection.ts'
import { useAsk } from '../model/ask.ts'
import { usePage } from '../model/page.ts'
import { reasonIn } from '../model/trouble.ts'

/** What each server says when it is asked, on its own port and with the user's cookies, whom it takes this for. */
export function SessionDrawer({ user, lane }: { user: string; lane: LaneView }) {
  const { t, state } = usePage()
  const { answer, failure, again } = useAsk<SessionShown>('inspect/session', { user, lane: lane.id }, [
    state.latest[`${lane.id}/${user}`],
    lane.redis?.state,
    lane.nodes.map(({ process }) => process).join(),
  ])
  if (failure) return <p class="quiet">{t('inspector.failed', { reason: reasonIn(failure, t) })}</p>
  if (!answer) return null
  return (
    <div class="session">
      <p class={answer.session === 'gone' ? 'lost-ink' : ''} data-session={answer.session}>
        {answer.session === 'gone'
          ? t('session.gone', { user })
          : answer.home
            ? t('session.home', { node: answer.home })
            : t('session.unknown')}
      </p>
      <p class="quiet">{t('session.intro', { user })}</p>
      {answer.answers.map((said) => (
        <Said key={said.node} said={said} />
      ))}
      <button type="button" class="small" onClick={again}>
        {t('inspector.refresh')}
      </button>
    </div>
  )
}

function Said({ said }: { said: NodeAnswer }) {
  const { t } = usePage()
  const { session, failure } = said
  const words = failure
    ? t('session.silent', { reason: failure })
    : session
      ? t('session.knows')
      : t('session.knowsNot')
  return (
    <section class="card" data-node={said.node} data-knows={session ? 'yes' : 'no'}>
      <h3>
        {said.node}
        <span class={`pill o-${failure ? 'error' : session ? 'found' : 'miss'}`}>{words}</span>
      </h3>
      {session && (
        <dl>
          <dt>{t('session.id')}</dt>
          <dd>
            <code>{session.id}</code>
          </dd>
          <dt>{t('session.created')}</dt>
          <dd>{new Date(session.createdAt).toLocaleTimeString(t.lang)}</dd>
          <dt>{t('session.attributes')}</dt>
          <dd class="flags">
            {session.attributes.map((name) => (
              <code key={name}>{name}</code>
            ))}
          </dd>
        </dl>
      )}
    </section>
  )
}
