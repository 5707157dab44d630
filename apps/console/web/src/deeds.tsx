import { useState } from 'preact/hooks'
import { calls } from './calls.ts'
import { chosenUser, usePage } from './page.ts'
import { lookOf } from './people.ts'
import { Badge } from './token.tsx'

/** What one user can do. Each button is one real request in every lane that is on. */
export function Deeds() {
  const page = usePage()
  const { t, state, attempt, pinRecord } = page
  const [via, setVia] = useState<string>()
  const user = chosenUser(page)
  if (user === undefined) return null
  const nodes = [...new Set(state.lanes.flatMap((lane) => lane.nodes.map(({ name }) => name)))]
  const way = via !== undefined && nodes.includes(via) ? { via } : {}
  const both = async () => {
    await calls.act(user, 'login', { via: 'a' })
    await calls.act(user, 'open', { via: 'b' })
  }
  const deeds = [
    ['login', () => calls.act(user, 'login', way)],
    ['open', () => calls.act(user, 'open', way)],
    ['open10', () => calls.act(user, 'open', { ...way, times: 10 })],
    ['write', () => calls.act(user, 'write', way)],
    ['logout', () => calls.act(user, 'logout', way)],
    ['forget', () => calls.act(user, 'forget', way)],
    ['direct', both],
  ] as const
  const hint = {
    login: 'user.login.hint',
    open: 'user.open.hint',
    write: 'user.write.hint',
    forget: 'user.forget.hint',
    direct: 'user.direct.hint',
  } as const
  return (
    <section class="deeds" aria-label={t('user.actions', { user })}>
      <h2>
        <Badge
          look={lookOf(
            state.users.findIndex(({ name }) => name === user),
            user,
          )}
          size={22}
        />
        {t('user.actions', { user })}
      </h2>
      <div class="row">
        <select
          aria-label={t('user.way')}
          value={way.via ?? ''}
          onChange={(event) => setVia(event.currentTarget.value || undefined)}
        >
          <option value="">{t('user.way.balancer')}</option>
          {nodes.map((node) => (
            <option key={node} value={node}>
              {t('user.way.node', { node })}
            </option>
          ))}
        </select>
        {deeds.map(([name, act]) => (
          <button
            type="button"
            key={name}
            data-deed={name}
            title={name in hint ? t(hint[name as keyof typeof hint]) : undefined}
            onClick={() => {
              // What comes of it is what the Why tab is to show.
              pinRecord(undefined)
              attempt(act())
            }}
          >
            {t(`user.${name}`)}
          </button>
        ))}
      </div>
    </section>
  )
}
