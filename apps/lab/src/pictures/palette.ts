const light = {
  bg: '#f6f7f9',
  panel: '#ffffff',
  line: '#e2e5ea',
  'line-strong': '#c9ced6',
  text: '#171a1f',
  muted: '#5b6472',
  found: '#137a52',
  'found-bg': '#e2f4ec',
  miss: '#9a5b00',
  'miss-bg': '#fdf0d8',
  lost: '#c22f2f',
  'lost-bg': '#fde6e4',
  error: '#6d3fc0',
  'error-bg': '#eee7fb',
  accent: '#2456d6',
  'accent-bg': '#e7eefd',
  'on-accent': '#ffffff',
  'on-node': '#ffffff',
  'node-1': '#0067a3',
  'node-2': '#b84a00',
  'node-3': '#00785a',
  'node-4': '#a3447f',
  'series-1': '#2456d6',
  'series-2': '#b84a00',
  'series-3': '#00785a',
  'series-4': '#a3447f',
  'series-5': '#6b6f00',
}

const dark: typeof light = {
  bg: '#0f1216',
  panel: '#171b21',
  line: '#272d36',
  'line-strong': '#3a424e',
  text: '#e9edf2',
  muted: '#a2acba',
  found: '#4cc38a',
  'found-bg': '#10291f',
  miss: '#f0b357',
  'miss-bg': '#2d2211',
  lost: '#ff7b72',
  'lost-bg': '#351a1a',
  error: '#b794f6',
  'error-bg': '#241a38',
  accent: '#7aa2ff',
  'accent-bg': '#17233f',
  'on-accent': '#0b1020',
  'on-node': '#0b1020',
  'node-1': '#5db4e8',
  'node-2': '#f2955c',
  'node-3': '#45c2a0',
  'node-4': '#dd93c0',
  'series-1': '#7aa2ff',
  'series-2': '#f2955c',
  'series-3': '#45c2a0',
  'series-4': '#dd93c0',
  'series-5': '#c9cd5a',
}

const rules = (colors: typeof light) =>
  Object.entries(colors)
    .map(([name, color]) => `--${name}: ${color};`)
    .join(' ')

/** The page's colours: the system's theme, unless `data-theme` on the root says otherwise; paper is light, and white, whatever either says. */
export const pagePalette = `:root { color-scheme: light; ${rules(light)} }
@media screen and (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { color-scheme: dark; ${rules(dark)} } }
@media screen { :root[data-theme="dark"] { color-scheme: dark; ${rules(dark)} } }
@media print { :root { --bg: #ffffff; } }
`

/** The same for an SVG file that stands alone: it has no page to ask, only the system. */
export const filePalette = `svg { ${rules(light)} background: ${light.panel}; }
@media screen and (prefers-color-scheme: dark) { svg { ${rules(dark)} background: ${dark.panel}; } }`
