import type { UserView } from '../../wire/frame.ts'
import { calls } from './calls.ts'
import { Mark } from './mark.tsx'
import { chosenUser, usePage } from './page.ts'
import { lookOf } from './people.ts'
import { Badge } from './token.tsx'

/** The virtual users with their last outcome in each lane, and what the chosen one can do. */
export function Users() {
  const page = usePage()
  const { t, state, attempt } = page
  const chosen = chosenUser(page)
  return (
    <aside class="panel users" aria-label={t('users.title')}>
      <div class="head">
        <h2>{t('users.title')}</h2>
        <span class="marks" aria-hidden="true">
          {state.lanes.map(({ id }) => (
            <span class="initial" key={id}>
              {t(`mode.${id}.short`)}
            </span>
          ))}
        </span>
      </div>
      <ul>
        {state.users.map((user, index) => (
          <UserRow key={user.name} user={user} index={index} chosen={user.name === chosen} />
        ))}
      </ul>
      <div class="buttons">
        <button type="button" onClick={() => attempt(calls.act('all', 'open', { times: 10 }))}>
          {t('users.all10')}
        </button>
        <button type="button" onClick={() => attempt(calls.act('all', 'login'))}>
          {t('users.loginAll')}
        </button>
        <button type="button" onClick={() => attempt(calls.addUser())}>
          {t('users.add')}
        </button>
      </div>
    </aside>
  )
}

function UserRow({ user, index, chosen }: { user: UserView; index: number; chosen: boolean }) {
  const { t, state, go } = usePage()
  const choose = () => go({ user: user.name })
  return (
    <li>
      <button type="button" class="user" data-user={user.name} aria-pressed={chosen} onClick={choose}>
        <Badge look={lookOf(index, user.name)} />
        <span class="name">
          {user.name}
          {!user.active && <small> {t('users.idle')}</small>}
        </span>
        <span class="marks">
          {state.lanes.map(({ id }) => {
            const last = user.lanes[id]?.last
            const outcome = t(last ? `outcome.${last}` : 'outcome.nothing')
            return (
              <Mark
                key={id}
                lane={id}
                outcome={last}
                label={t('users.mark', { user: user.name, lane: t(`mode.${id}`), outcome })}
              />
            )
          })}
        </span>
      </button>
    </li>
  )
}
