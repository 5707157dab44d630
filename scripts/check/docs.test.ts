import { expect, test } from 'vitest'
import { type Checkout, documentFaults, untoldCommands } from './docs.ts'

function checkout(files: Record<string, string>): Checkout {
  return {
    exists: (path) => path in files || Object.keys(files).some((file) => file.startsWith(`${path}/`)),
    read: (path) => files[path] ?? '',
    scripts: new Set(['demo']),
  }
}

test('passes a document whose links, anchors, paths and commands exist', () => {
  const text =
    '[a](docs/a.md#the-end) `packages/x/` [web](https://example.org) [up](#top-of-it)\n# Top of it\nnpm run demo'
  const files = { 'README.md': text, 'docs/a.md': '## The end', 'packages/x/y.ts': '' }
  expect(documentFaults('README.md', checkout(files))).toEqual([])
})

test('reports a link that leads out of a package that is published', () => {
  const files = { 'packages/session/README.md': '[a](../../docs/a.md) [b](docs/api.md)', 'docs/a.md': '' }
  const inside = { 'packages/session/docs/api.md': '' }
  expect(documentFaults('packages/session/README.md', checkout({ ...files, ...inside }))).toEqual([
    'packages/session/README.md: ../../docs/a.md is not in the package that is published; link to it by https',
  ])
})

test.each([
  ['a dead link', '[a](docs/gone.md)'],
  ['a dead picture', '<img src="docs/gone.png">'],
  ['a dead anchor', '[a](docs/a.md#nowhere)'],
  ['a path that is not there', 'see `packages/gone/src`'],
  ['a command that is not there', '```sh\nnpm run gone\n```'],
])('reports %s', (_, text) => {
  expect(documentFaults('README.md', checkout({ 'README.md': text, 'docs/a.md': '## Here' }))).toHaveLength(1)
})

test('reports a command that CONTRIBUTING leaves out', () => {
  const told = (text: string) =>
    untoldCommands('C.md', { read: () => text, scripts: new Set(['postinstall', 'start', 'soak']) })
  expect(told('`npm start`, `npm run soak -- session`')).toEqual([])
  expect(told('`npm start`')).toEqual(['C.md does not tell of `npm run soak`'])
})
