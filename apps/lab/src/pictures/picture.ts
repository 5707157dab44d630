import type { Text, Words } from '../language.ts'

/** A Vega-Lite specification (v6) as JSON. Wherever it holds a string it may hold a `Text`; colours are `var(--…)`. */
export type Spec = { readonly [key: string]: unknown }

/** The same numbers to read instead of to see. */
export interface Table {
  readonly columns: readonly Words[]
  readonly rows: readonly (readonly Words[])[]
}

/** A plot and its twin. All of it is JSON, so that a report can be drawn again from `report.json`. */
export interface Picture {
  /** Kebab-case, unique within its experiment: it names the SVG file. */
  readonly id: string
  readonly title: Text
  /** One sentence that says what there is to see: caption, and the text for those who do not see it. */
  readonly caption: Text
  readonly spec: Spec
  readonly table: Table
}

/** What a kind of picture needs besides its data. */
export type PictureText = Pick<Picture, 'id' | 'title' | 'caption'>
