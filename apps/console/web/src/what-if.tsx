import { isGone } from '../../wire/consequence.ts'
import type { LaneAction, NodeAction } from '../../wire/frame.ts'
import { calls } from './calls.ts'
import { usePage } from './page.ts'

/** The big questions: each is asked of every lane at once, after a look at what it will come to. */
export function WhatIf() {
  const { t, state, open, attempt } = usePage()
  const b = state.lanes.flatMap(({ nodes }) => nodes).filter(({ name }) => name === 'b')
  const bDown = b.length > 0 && b.every(isGone)
  const redis = state.lanes.find(({ redis }) => redis)?.redis
  const everyone = state.users.every(({ active }) => active)
  return (
    <section class="whatif" aria-label={t('whatif.title')}>
      <h2>{t('whatif.title')}</h2>
      <Question
        label={t(bDown ? 'whatif.restart' : 'whatif.crash')}
        action={bDown ? 'restart' : 'crash'}
        onAsk={(action) => open({ kind: 'confirm', action, node: 'b' })}
      />
      <Question label={t('whatif.add')} action="add" onAsk={(action) => open({ kind: 'confirm', action })} />
      <Question label={t('whatif.rolling')} action="rolling" onAsk={(action) => open({ kind: 'confirm', action })} />
      {redis && (
        <Question
          label={t(redis.state === 'up' ? 'whatif.redis' : 'whatif.redis.back')}
          action={redis.state === 'up' ? 'redis-stop' : redis.state === 'frozen' ? 'redis-thaw' : 'redis-start'}
          onAsk={(action) => open({ kind: 'confirm', action, lane: 'clustered' })}
        />
      )}
      {redis && (
        <Question
          label={t('whatif.codec')}
          action="codec"
          onAsk={(action) => open({ kind: 'confirm', action, lane: 'clustered' })}
        />
      )}
      <button
        type="button"
        aria-pressed={!everyone}
        onClick={() => attempt(calls.active(everyone ? usersOfB(state) : state.users.map(({ name }) => name)))}
      >
        {t(everyone ? 'whatif.only' : 'whatif.everyone')}
      </button>
    </section>
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
  onAsk,
}: {
  label: string
  action: A
  onAsk: (action: A) => void
}) {
  const { t, state, tell } = usePage()
  const ready = state.lanes.filter(({ state: standing }) => standing === 'ready')
  const concerned = action.startsWith('redis') || action === 'codec' ? ready.filter(({ redis }) => redis) : ready
  const reasons = concerned.map(({ disabled }) => disabled[action])
  const reason =
    concerned.length === 0 ? 'starting' : reasons.every((why) => why !== undefined) ? reasons[0] : undefined
  return (
    <button
      type="button"
      data-ask={action}
      aria-disabled={reason !== undefined}
      title={reason === undefined ? undefined : t.any(`disabled.${reason}`)}
      onClick={() => (reason === undefined ? onAsk(action) : tell(t.any(`disabled.${reason}`)))}
    >
      {label}
    </button>
  )
}
