import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ActionDialog } from '../dialogs/action-dialog.tsx'
import { KeysDialog } from '../dialogs/keys-dialog.tsx'
import { NodeDialog } from '../dialogs/node-dialog.tsx'
import { Drawer } from '../drawers/drawer.tsx'
import { type Page, PageContext, usePage } from '../model/page.ts'
import { told } from '../model/trouble.ts'
import { Stage } from '../stage/stage.tsx'
import { Bar } from './bar.tsx'
import { bindings } from './bindings.ts'
import { Dock } from './dock.tsx'
import { useKeys } from './keys.ts'
import { Rail } from './rail.tsx'
import { Say } from './say.tsx'

/** The whole page: one sentence, one picture, one action, and drawers below. */
export function App({ page }: { page: Page }) {
  return (
    <PageContext.Provider value={page}>
      <Frame />
    </PageContext.Provider>
  )
}

function Frame() {
  const page = usePage()
  const { place, t, dialog, state } = page
  useKeys(() => bindings(page), dialog !== undefined)
  const zoom = useZoom(place.present)
  const classes = [
    'app',
    place.present && 'presenting',
    place.drawer && 'drawn',
    place.tour && 'touring',
    state.connection === 'broken' && 'unheard',
  ]
  return (
    <div class={classes.filter(Boolean).join(' ')} style={{ zoom, '--zoom': zoom }}>
      <button type="button" class="skip" onClick={() => document.getElementById('stage')?.focus()}>
        {t('page.skip')}
      </button>
      <Bar />
      <Say />
      <Stage />
      {place.drawer && <Drawer name={place.drawer} />}
      <Dock />
      <Rail />
      <Trouble />
      <Dialogs />
    </div>
  )
}

function Dialogs() {
  const { dialog } = usePage()
  if (dialog?.kind === 'keys') return <KeysDialog />
  if (dialog?.kind === 'confirm') return <ActionDialog key={`${dialog.action} ${dialog.node}`} dialog={dialog} />
  if (dialog?.kind === 'node') return <NodeDialog lane={dialog.lane} node={dialog.node} />
  return null
}

/** The line that says what came to nothing, and why. */
function Trouble() {
  const { trouble, t, settleTrouble } = usePage()
  if (!trouble) return null
  return (
    <div class="trouble" role="alert">
      {told(trouble, t)}
      <button type="button" class="small" onClick={settleTrouble}>
        {t('do.close')}
      </button>
    </div>
  )
}

/** The page is drawn for 1440 × 900, a presented one for 1280 × 720; on a larger screen the whole of it grows. */
function useZoom(present: boolean): number {
  const size = useSignal({ w: innerWidth, h: innerHeight })
  useEffect(() => {
    const onResize = () => {
      size.value = { w: innerWidth, h: innerHeight }
    }
    addEventListener('resize', onResize)
    return () => removeEventListener('resize', onResize)
  }, [])
  const { w, h } = size.value
  if (w < 820) return 1
  const zoom = present ? Math.min(w / 1280, h / 720) : Math.min(w / 1440, h / 900)
  return Math.round(Math.max(0.9, Math.min(2.4, zoom)) * 100) / 100
}
