import { isGone } from '../../../wire/consequence.ts'
import type { LaneAction, NodeAction } from '../../../wire/frame.ts'
import type { LaneId } from '../../../wire/record.ts'
import { calls } from '../model/calls.ts'
import { redisSwitch } from '../model/health.ts'
import { usePage } from '../model/page.ts'
import { refusal } from '../model/refusal.ts'
import { Pace } from '../shell/bar.tsx'
import { livesOnB } from '../tour/script.ts'
import { Deeds } from './deeds.tsx'

/** The big questions, what one user can do, and the traffic. */
export function WhatIfDrawer({ user }: { user: string }) {
  return (
    <div class="what-if">
      <Questions />
      <Deeds user={user} />
      <Everybody />
    </div>
  )
}

/** Each is asked of every lane at once, after a look at what it will come to. */
function Questions() {
  const { t, state } = usePage()
  const b = state.lanes.flatMap(({ nodes }) => nodes).filter(({ name }) => name === 'b')
  const bDown = b.length > 0 && b.every(isGone)
  const shared = state.lanes.find(({ redis }) => redis)
  const redis = shared?.redis?.state ?? 'up'
  return (
    <section class="whatif" aria-label={t('whatif.servers')}>
      <h3>{t('whatif.servers')}</h3>
      <div class="tiles">
        <Question node="b" label={t(bDown ? 'whatif.restart' : 'whatif.crash')} action={bDown ? 'restart' : 'crash'} />
        <Question node="b" label={t('whatif.freeze')} action="freeze" />
        <Question node="b" label={t('whatif.slow')} action="slow" />
        <Question node="b" label={t('whatif.drain')} action="drain" />
        <Question label={t('whatif.add')} action="add" />
        <Question label={t('whatif.rolling')} action="rolling" />
        {shared && (
          <Question
            label={t(redis === 'up' ? 'whatif.redis' : 'whatif.redis.back')}
            action={redisSwitch[redis]}
            lane={shared.id}
          />
        )}
        {shared && <Question label={t('whatif.codec')} action="codec" lane={shared.id} />}
      </div>
    </section>
  )
}

/** What concerns all users, the traffic and the run. */
function Everybody() {
  const { t, state, attempt } = usePage()
  const everyone = state.users.every(({ active }) => active)
  return (
    <section class="everybody" aria-label={t('whatif.everybody')}>
      <h3>{t('whatif.everybody')}</h3>
      <div class="tiles">
        <button type="button" data-all="open10" onClick={() => attempt(calls.act('all', 'open', { times: 10 }))}>
          {t('users.all10')}
        </button>
        <button type="button" data-all="login" onClick={() => attempt(calls.act('all', 'login'))}>
          {t('users.loginAll')}
        </button>
        <button type="button" data-all="add" onClick={() => attempt(calls.addUser())}>
          {t('users.add')}
        </button>
        <Activity everyone={everyone} />
      </div>
      <div class="row">
        <Pace />
      </div>
      <LaneSwitches />
      <div class="tiles">
        <Reset />
        <ExportRun />
      </div>
    </section>
  )
}

function LaneSwitches() {
  const { t, state, attempt } = usePage()
  if (state.lanes.length < 2) return null
  return (
    <fieldset class="seg" aria-label={t('lanes.label')}>
      {state.lanes.map(({ id, on, state: standing }) => (
        <button
          type="button"
          key={id}
          data-switch={id}
          aria-pressed={on}
          aria-label={t('lane.on', { lane: t(`mode.${id}`) })}
          disabled={standing !== 'ready'}
          onClick={() => attempt(calls.power(id, !on))}
        >
          <span aria-hidden="true">{on ? '✓ ' : ''}</span>
          {t(`mode.${id}`)}
        </button>
      ))}
    </fieldset>
  )
}

function ExportRun() {
  const { t, place } = usePage()
  return (
    <button type="button" data-export onClick={() => location.assign(`/api/export?lang=${place.lang}`)}>
      {t('export.run')}
    </button>
  )
}

/** Numbers, users, servers and Redis as at the start, in one click. */
function Reset() {
  const { t, state, attempt, tell } = usePage()
  const busy = state.lanes.some(({ busy: now }) => now !== undefined)
  return (
    <button
      type="button"
      data-ask="reset"
      aria-disabled={busy}
      onClick={() => (busy ? tell('busy') : attempt(calls.reset()))}
    >
      <b>{t('whatif.reset')}</b>
      <small>{busy ? t('disabled.busy') : t('whatif.reset.hint')}</small>
    </button>
  )
}

/** Lets only b's users go on acting, and everyone again. With nobody on b all traffic would stop: then it says why it cannot be had. */
function Activity({ everyone }: { everyone: boolean }) {
  const { t, state, attempt, tell } = usePage()
  const onB = livesOnB(state)
  const reason = everyone && onB.length === 0 ? 'nobody-on-b' : undefined
  const act = () => attempt(calls.active(everyone ? onB : state.users.map(({ name }) => name)))
  return (
    <button
      type="button"
      data-activity
      aria-pressed={!everyone}
      aria-disabled={reason !== undefined}
      onClick={() => (reason === undefined ? act() : tell(reason))}
    >
      <b>{t(everyone ? 'whatif.only' : 'whatif.everyone')}</b>
      {reason && <small>{t.any(`disabled.${reason}`)}</small>}
    </button>
  )
}

function Question<A extends NodeAction | LaneAction>({
  label,
  action,
  node,
  lane,
}: {
  label: string
  action: A
  /** The server that it is done to: without one of that name it cannot be asked. */
  node?: string
  lane?: LaneId
}) {
  const { t, state, tell, open } = usePage()
  const reason = refusal(action, node, state.lanes)
  return (
    <button
      type="button"
      data-ask={action}
      aria-disabled={reason !== undefined}
      onClick={() =>
        reason === undefined
          ? open({ kind: 'confirm', action, ...(node && { node }), ...(lane && { lane }) })
          : tell(reason)
      }
    >
      <b>{label}</b>
      {reason !== undefined && <small>{t.any(`disabled.${reason}`)}</small>}
    </button>
  )
}
