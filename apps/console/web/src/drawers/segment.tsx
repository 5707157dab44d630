import type { ComponentChildren } from 'preact'

/** Buttons that belong together, drawn as one. */
export function Segment({
  label,
  small = false,
  children,
}: {
  label: string
  small?: boolean
  children: ComponentChildren
}) {
  return (
    <fieldset class={small ? 'seg small' : 'seg'} aria-label={label}>
      {children}
    </fieldset>
  )
}
