import type { Place, Theme } from './link.ts'

/** The theme that shows: the chosen one, or the system's. */
export function currentTheme({ theme }: Pick<Place, 'theme'>): Theme {
  return theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')
}

/** Whether the visitor asked for things not to move. */
export function prefersStill(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches
}
