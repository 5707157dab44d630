import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { usePage } from '../model/page.ts'

/**
 * The page's dialog: its title and the way out at its head, what it is about below. It holds the focus while it is open, first on what is
 * marked `data-first`, and gives it back afterwards; Escape closes it.
 */
export function Modal({ title, children }: { title: string; children: ComponentChildren }) {
  const { t, open } = usePage()
  const dialog = useRef<HTMLDialogElement>(null)
  const close = () => open(undefined)
  useEffect(() => {
    const before = document.activeElement
    dialog.current?.showModal()
    dialog.current?.querySelector<HTMLElement>('[data-first]')?.focus()
    return () => {
      if (before instanceof HTMLElement || before instanceof SVGElement) before.focus()
    }
  }, [])
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onClose={close} onCancel={close}>
      <header class="dialog-head">
        <h2 id="dialog-title">{title}</h2>
        <button type="button" class="icon" aria-label={t('do.close')} onClick={close}>
          <span aria-hidden="true">×</span>
        </button>
      </header>
      {children}
    </dialog>
  )
}
