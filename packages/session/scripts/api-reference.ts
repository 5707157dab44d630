import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript-5'

/**
 * Writes docs/api.md from the doc comments of everything that the package exports. It reads them with TypeScript 5's
 * compiler API: version 7 has none for JavaScript.
 */
const root = join(dirname(fileURLToPath(import.meta.url)), '..')

const ENTRIES = ['src/index.ts', 'src/fastify-session.ts', 'src/express-session.ts', 'src/testing.ts']

/** The reference of this package as Markdown. */
export const apiReference = (): string => referenceOf(root, ENTRIES)

/** The reference of the package in that folder: of what these files export. */
function referenceOf(folder: string, files: readonly string[]): string {
  const entries = files.map((entry) => join(folder, entry))
  const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string }
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ESNext,
    allowImportingTsExtensions: true,
    noEmit: true,
    strict: true,
    skipLibCheck: true,
  }
  const program = ts.createProgram(entries, options)
  const all = entries.flatMap((entry) => exportsOf(program, entry))
  const sections = all.filter(({ text }, i) => all.findIndex((other) => other.text === text) === i)
  const order = ['Functions', 'Classes', 'Options and types', 'Constants'] as const
  const parts = order.flatMap((title) => {
    const own = sections.filter((section) => section.group === title)
    return own.length > 0 ? [`## ${title}`, ...own.map(({ text }) => text)] : []
  })
  const head = `# API reference of ${name}\n\nMade from the doc comments by scripts/api-reference.ts; do not edit.`
  return `${[head, ...parts].join('\n\n')}\n`.replaceAll(/[ \t]+$/gm, '')
}

interface Section {
  readonly group: 'Functions' | 'Classes' | 'Options and types' | 'Constants'
  readonly text: string
}

function exportsOf(program: ts.Program, entry: string): Section[] {
  const checker = program.getTypeChecker()
  const file = program.getSourceFile(entry)
  const module = file && checker.getSymbolAtLocation(file)
  if (!module) throw new Error(`${entry} is no module`)
  return checker
    .getExportsOfModule(module)
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en'))
    .map((symbol) => sectionOf(symbol, checker))
}

function sectionOf(symbol: ts.Symbol, checker: ts.TypeChecker): Section {
  const declaration = symbol.declarations?.[0]
  if (!declaration) throw new Error(`${symbol.name} is declared nowhere`)
  const title = `### ${symbol.name}`
  const text = commentOf(symbol, checker)
  if (text === '') throw new Error(`${symbol.name} has no doc comment`)
  const isFunction = ts.isFunctionDeclaration(declaration)
  if (isFunction) return { group: 'Functions', text: [title, code(signature(declaration)), text].join('\n\n') }
  if (ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration)) {
    const group = ts.isClassDeclaration(declaration) ? 'Classes' : 'Options and types'
    return { group, text: [title, text, ...membersOf(declaration, checker)].join('\n\n') }
  }
  if (ts.isTypeAliasDeclaration(declaration)) {
    return { group: 'Options and types', text: [title, code(declaration.getText()), text].join('\n\n') }
  }
  return { group: 'Constants', text: [title, text].join('\n\n') }
}

/** One row per public member that is documented here; what is private or internal is left out. */
function membersOf(declaration: ts.ClassDeclaration | ts.InterfaceDeclaration, checker: ts.TypeChecker): string[] {
  const rows = declaration.members.flatMap((member) => {
    const symbol = member.name && checker.getSymbolAtLocation(member.name)
    if (!symbol || ts.isPrivateIdentifier(member.name as ts.Node) || isInternal(member)) return []
    const documentation = commentOf(symbol, checker)
    return [`- \`${heading(member)}\`${documentation ? ` — ${documentation.replaceAll('\n', '\n  ')}` : ''}`]
  })
  return rows.length > 0 ? [rows.join('\n')] : []
}

const isInternal = (node: ts.Node): boolean => ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal')

/** A member's own line, without its body and without what the type says about itself. */
function heading(member: ts.ClassElement | ts.TypeElement): string {
  const text = 'body' in member && member.body ? signature(member as ts.MethodDeclaration) : member.getText()
  return text
    .replace(/^(readonly|async|declare) /, '')
    .replaceAll(/\s+/g, ' ')
    .replace(/[;,]$/, '')
}

function signature(declaration: ts.FunctionDeclaration | ts.MethodDeclaration): string {
  const text = declaration.getText()
  const body = declaration.body?.getText() ?? ''
  return text
    .slice(0, text.length - body.length)
    .replace(/^export /, '')
    .trim()
}

function commentOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker))
  const tags = symbol.getJsDocTags(checker).flatMap(({ name, text: parts }) => {
    const value = ts.displayPartsToString(parts)
    if (name === 'default') return [`Default: \`${value}\`.`]
    return name === 'example' ? [code(value)] : []
  })
  return [text.replaceAll(/\s*\n\s*/g, ' '), ...tags].filter(Boolean).join(tags[0]?.startsWith('`') ? '\n\n' : ' ')
}

const code = (text: string): string => `\`\`\`ts\n${text.trim()}\n\`\`\``

// `node api-reference.ts [folder] [--check]`: this package, or another whose `src/index.ts` exports all that it has.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder = root] = process.argv.slice(2).filter((argument) => argument !== '--check')
  const page = join(resolve(folder), 'docs/api.md')
  const text = resolve(folder) === root ? apiReference() : referenceOf(resolve(folder), ['src/index.ts'])
  if (!process.argv.includes('--check')) writeFileSync(page, text)
  else if (readFileSync(page, 'utf8') !== text) throw new Error(`${page} is out of date: npm run docs makes it anew`)
}
