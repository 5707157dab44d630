import { isGone } from '../../wire/consequence.ts'
import type { LaneAction, NodeAction } from '../../wire/frame.ts'
import { calls } from './calls.ts'
import { redisSwitch } from './health.ts'
import { usePage } from './page.ts'
import { refusal } from './refusal.ts'

/** The big questions: each is asked of every lane at once, after a look at what it will come to. */
export function WhatIf() {
  const { t, state, open } = usePage()
  const b = state.lanes.flatMap(({ nodes }) => nodes).filter(({ name }) => name === 'b')
  const bDown = b.length > 0 && b.every(isGone)
  const shared = state.lanes.some(({ mode }) => mode === 'clustered')
  const redis = state.lanes.find(({ redis }) => redis)?.redis?.state ?? 'up'
  const everyone = state.users.every(({ active }) => active)
  return (
    <section class="whatif" aria-label={t('whatif.title')}>
      <h2>{t('whatif.title')}</h2>
      <div class="row">
        <Question
          node="b"
          label={t(bDown ? 'whatif.restart' : 'whatif.crash')}
          action={bDown ? 'restart' : 'crash'}
          onAsk={(action) => open({ kind: 'confirm', action, node: 'b' })}
        />
        <Question label={t('whatif.add')} action="add" onAsk={(action) => open({ kind: 'confirm', action })} />
        <Question label={t('whatif.rolling')} action="rolling" onAsk={(action) => open({ kind: 'confirm', action })} />
        {shared && (
          <Question
            label={t(redis === 'up' ? 'whatif.redis' : 'whatif.redis.back')}
            action={redisSwitch[redis]}
            onAsk={(action) => open({ kind: 'confirm', action, lane: 'clustered' })}
          />
        )}
        {shared && (
          <Question
            label={t('whatif.codec')}
            action="codec"
            onAsk={(action) => open({ kind: 'confirm', action, lane: 'clustered' })}
          />
        )}
        <Activity everyone={everyone} />
        <Reset />
      </div>
    </section>
  )
}

/** Numbers, users, servers and Redis as at the start, in one click. */
function Reset() {
  const { t, state, attempt } = usePage()
  const busy = state.lanes.some(({ busy }) => busy !== undefined)
  return (
    <button
      type="button"
      data-ask="reset"
      aria-disabled={busy}
      title={busy ? t('disabled.busy') : t('whatif.reset.hint')}
      onClick={() => !busy && attempt(calls.reset())}
    >
      {t('whatif.reset')}
    </button>
  )
}

/** Lets only b's users go on acting, and everyone again. With nobody on b all traffic would stop: then it says why it cannot be had. */
function Activity({ everyone }: { everyone: boolean }) {
  const { t, state, attempt, tell } = usePage()
  const onB = usersOfB(state)
  const reason = everyone && onB.length === 0 ? 'nobody-on-b' : undefined
  const act = () => attempt(calls.active(everyone ? onB : state.users.map(({ name }) => name)))
  return (
    <button
      type="button"
      aria-pressed={!everyone}
      aria-disabled={reason !== undefined}
      title={reason && t(`disabled.${reason}`)}
      onClick={() => (reason === undefined ? act() : tell(reason))}
    >
      {t(everyone ? 'whatif.only' : 'whatif.everyone')}
    </button>
  )
}

/** Whom the sticky lane, or else the first one, has on b. */
export function usersOfB({ lanes, users }: Pick<ReturnType<typeof usePage>['state'], 'lanes' | 'users'>): string[] {
  const lane = lanes.find(({ id }) => id === 'sticky') ?? lanes[0]
  if (!lane) return []
  return users
    .filter((user) => (user.lanes[lane.id]?.pinned ?? user.lanes[lane.id]?.home) === 'b')
    .map(({ name }) => name)
}

function Question<A extends NodeAction | LaneAction>({
  label,
  action,
  node,
  onAsk,
}: {
  label: string
  action: A
  /** The server that it is done to: without one of that name it cannot be asked. */
  node?: string
  onAsk: (action: A) => void
}) {
  const { t, state, tell } = usePage()
  const reason = refusal(action, node, state.lanes)
  return (
    <button
      type="button"
      data-ask={action}
      aria-disabled={reason !== undefined}
      title={reason === undefined ? undefined : t.any(`disabled.${reason}`)}
      onClick={() => (reason === undefined ? onAsk(action) : tell(reason))}
    >
      {label}
    </button>
  )
}
