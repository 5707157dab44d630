import { expect, it } from 'vitest'
import { html } from './html.ts'

it('escapes every interpolated text, in elements and in attributes', () => {
  expect(html`<p title="${`"'`}">${'<script>&'}</p>`.markup).toBe('<p title="&quot;&#39;">&lt;script&gt;&amp;</p>')
})

it('keeps markup, joins lists and drops what is absent', () => {
  expect(html`${html`<b>1</b>`}${[html`<i></i>`, '<', 2]}${undefined}${false}`.markup).toBe('<b>1</b><i></i>&lt;2')
})
