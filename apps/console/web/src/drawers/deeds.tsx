import { useState } from 'preact/hooks'
import { calls } from '../model/calls.ts'
import { usePage } from '../model/page.ts'

/** What one user can do. Each button is one real request in every lane that is on; below it, what is sent. */
export function Deeds({ user }: { user: string }) {
  const page = usePage()
  const { t, state, attempt, pinRecord } = page
  const [via, setVia] = useState<string>()
  const nodes = [...new Set(state.lanes.flatMap((lane) => lane.nodes.map(({ name }) => name)))]
  const way = via !== undefined && nodes.includes(via) ? { via } : {}
  const both = async () => {
    await calls.act(user, 'login', { via: 'a' })
    await calls.act(user, 'open', { via: 'b' })
  }
  const deeds = [
    ['login', () => calls.act(user, 'login', way), 'GET /set?q=password-…'],
    ['open', () => calls.act(user, 'open', way), 'GET /get'],
    ['open10', () => calls.act(user, 'open', { ...way, times: 10 }), 'GET /get × 10'],
    ['write', () => calls.act(user, 'write', way), 'POST /cart/add'],
    ['context', () => calls.act(user, 'context', way), `POST /context?user=${user}`],
    ['forget', () => calls.act(user, 'forget', way), 'GET /get'],
    ['direct', both, '/set → a, /get → b'],
    ['logout', () => calls.act(user, 'logout', way), 'POST /logout'],
  ] as const
  return (
    <section class="deeds" aria-label={t('user.actions', { user })}>
      <h3>{t('user.actions', { user })}</h3>
      <label class="field">
        {t('user.way')}
        <select data-way value={way.via ?? ''} onChange={(event) => setVia(event.currentTarget.value || undefined)}>
          <option value="">{t('user.way.balancer')}</option>
          {nodes.map((node) => (
            <option key={node} value={node}>
              {t('user.way.node', { node })}
            </option>
          ))}
        </select>
      </label>
      <div class="tiles">
        {deeds.map(([name, act, line]) => (
          <button
            type="button"
            key={name}
            data-deed={name}
            onClick={() => {
              // What comes of it is what the Why drawer is to show.
              pinRecord(undefined)
              attempt(act())
            }}
          >
            <b>{t(`user.${name}`)}</b>
            <code>{line}</code>
          </button>
        ))}
      </div>
    </section>
  )
}
