import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { LaneId, RequestRecord } from '../../wire/record.ts'
import { ActionDialog } from './action-dialog.tsx'
import { useAddress } from './address.ts'
import { Deeds } from './deeds.tsx'
import { Header } from './header.tsx'
import { useHold } from './hold.ts'
import { translator } from './i18n/translate.ts'
import { Inspector } from './inspector.tsx'
import { keyDeeds } from './key-deeds.ts'
import { useKeys } from './keys.ts'
import { KeysDialog } from './keys-dialog.tsx'
import { Lane } from './lane.tsx'
import type { Place } from './link.ts'
import { Log } from './log.tsx'
import { NodeDialog } from './node-dialog.tsx'
import { Nodes } from './nodes.tsx'
import { type Dialog, type Page, PageContext, usePage } from './page.ts'
import { Part } from './part.tsx'
import type { PageState } from './state.ts'
import { useOf } from './store.ts'
import type { Stream } from './stream.ts'
import { Tour, type TourKeys } from './tour.tsx'
import { type Trouble, TroubleBar } from './trouble.tsx'
import { Users } from './users.tsx'
import { WhatIf } from './what-if.tsx'

/** The whole page over one stream. */
export function App({ stream }: { stream: Stream }) {
  const lanes = useOf(stream.state, laneIds).split(' ').filter(Boolean) as LaneId[]
  const [dialog, open] = useState<Dialog>()
  const [trouble, setTrouble] = useState<Trouble>()
  const [pinnedRecord, pinRecord] = useState<RequestRecord>()
  const [place, goTo] = useAddress(lanes, () => {
    // Both belong to the place that was left.
    open(undefined)
    pinRecord(undefined)
  })
  // Whoever looks at another user or lane, or goes on in the tour, does not look at that one request any more.
  const go = (change: Partial<Place>) => {
    if ('user' in change || 'lane' in change || 'tour' in change) pinRecord(undefined)
    goTo(change)
  }
  useEffect(
    () =>
      stream.onFrame(({ full }) => {
        // A whole frame comes from a server that answers.
        if (full) setTrouble((now) => (now && 'failure' in now && now.failure === 'server-away' ? undefined : now))
      }),
    [stream],
  )
  const hold = useHold(stream.state)
  const tourKeys = useRef<TourKeys>({}).current
  const t = useMemo(() => translator(place.lang), [place.lang])
  const attempt = async (work: Promise<unknown>): Promise<boolean> => {
    try {
      await work
      setTrouble(undefined)
      return true
    } catch (error) {
      setTrouble({ failure: (error as Error).message })
      return false
    }
  }
  const page: Page = {
    // Its parts read the state in their own turns; what is done at a key's stroke reads it as it is then.
    get state() {
      return stream.state.get()
    },
    place,
    t,
    stream,
    go,
    open,
    attempt,
    tell: (reason) => setTrouble({ reason }),
    pinnedRecord,
    pinRecord,
  }
  const onExport = () => location.assign(`/api/export?lang=${place.lang}`)
  const deeds = () => keyDeeds(page, { tour: tourKeys, hold: hold.toggle, onExport })
  useKeys(deeds, dialog !== undefined)
  return (
    <PageContext.Provider value={page}>
      <div class={`app ${place.present ? 'presenting' : ''} lanes-${lanes.length}`}>
        <button type="button" class="skip" onClick={() => document.getElementById('lanes')?.focus()}>
          {t('page.skip')}
        </button>
        <Part>
          <Header onExport={onExport} />
          <Banner />
        </Part>
        <Part>{place.tour && <Tour keys={tourKeys} />}</Part>
        <Part>
          <div class="panel asks">
            <WhatIf />
            <Deeds />
          </div>
        </Part>
        <Part>
          <Users />
        </Part>
        <main class="lanes" id="lanes" tabIndex={-1}>
          {lanes.map((id) => (
            <Part key={id}>
              <Lane id={id} />
            </Part>
          ))}
        </main>
        <Part>
          <Inspector />
        </Part>
        <Part>
          <Log held={hold.held} onHold={hold.toggle} onStep={hold.step} />
        </Part>
        <Part>
          <Nodes />
        </Part>
        {trouble && <TroubleBar trouble={trouble} onClose={() => setTrouble(undefined)} />}
        <Part>
          {dialog?.kind === 'keys' && <KeysDialog deeds={deeds()} />}
          {dialog?.kind === 'confirm' && <ActionDialog key={`${dialog.action} ${dialog.node}`} dialog={dialog} />}
          {dialog?.kind === 'node' && <NodeDialog lane={dialog.lane} node={dialog.node} />}
        </Part>
      </div>
    </PageContext.Provider>
  )
}

/** The lanes that there are, as a word that stays the same until one comes or goes. */
const laneIds = ({ lanes }: PageState): string => lanes.map(({ id }) => id).join(' ')

function Banner() {
  const { t, state } = usePage()
  const broken = state.connection !== 'live'
  if (!broken && state.clock.pausedBy.some((page) => page !== state.page))
    return (
      <div class="banner" role="status" data-paused>
        {t('clock.pausedElsewhere')}
      </div>
    )
  if (!broken && state.skipped === 0) return null
  // A count that goes on growing is not read out each time.
  return (
    <div class="banner" role={broken ? 'status' : undefined} data-skipped={state.skipped}>
      {broken ? t(`connection.${state.connection}`) : t('skipped', { n: state.skipped })}
    </div>
  )
}
