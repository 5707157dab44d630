/** Reads what a README promises: shell sessions with their output, and a table between two marks. */

/** One command of a ```console block and the output that the document shows for it. */
export interface Command {
  line: string
  /** `…` stands for any text. */
  expected: string
}

/** The console blocks whose first line says `# MODE=x npm run demo`, by mode. */
export function sessions(markdown: string): Map<string, Command[]> {
  const found = new Map<string, Command[]>()
  const blocks = markdown.matchAll(/```console\n# MODE=(\w+) npm run demo[^\n]*\n([\s\S]*?)```/g)
  for (const [, mode = '', text = ''] of blocks) found.set(mode, [...(found.get(mode) ?? []), ...commands(text)])
  return found
}

function commands(text: string): Command[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [line = '', ...output] = part.split('\n')
      return { line, expected: output.join('\n').trim() }
    })
}

/** Whether an output is what the document shows, `…` standing for anything, line breaks included. */
export function matches(expected: string, output: string): boolean {
  const pattern = expected
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[\\s\\S]*')
  return new RegExp(`^${pattern}$`).test(output.trim())
}

/** What stands between `<!-- name -->` and `<!-- /name -->`, trimmed; throws when the marks are missing. */
export function marked(markdown: string, name: string): string {
  const match = between(name).exec(markdown)
  if (!match) throw new Error(`the document has no <!-- ${name} --> … <!-- /${name} -->`)
  return (match[2] ?? '').trim()
}

/** The document with another text between the marks. */
export function remarked(markdown: string, name: string, text: string): string {
  marked(markdown, name)
  return markdown.replace(between(name), (_, open: string, _old, close: string) => `${open}${text}\n${close}`)
}

function between(name: string): RegExp {
  return new RegExp(`(<!-- ${name} -->\n)([\\s\\S]*?)(<!-- /${name} -->)`)
}
