import { escapeXml } from '../pictures/draw.ts'

/** A piece of HTML that is already safe to put into a page. */
export class Markup {
  readonly source: string
  constructor(source: string) {
    this.source = source
  }
}

type Piece = Markup | string | number | undefined | false | readonly Piece[]

/** HTML from a template: whatever is filled in is escaped, unless it is `Markup`; lists are joined; `undefined` and `false` are nothing. */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  return new Markup(strings.reduce((page, literal, index) => page + source(pieces[index - 1]) + literal))
}

function source(piece: Piece): string {
  if (piece === undefined || piece === false) return ''
  if (piece instanceof Markup) return piece.source
  if (typeof piece === 'object') return piece.map(source).join('')
  return escapeXml(String(piece))
}
