// The page works without this: it opens in English and in the system's theme.
const root = document.documentElement
const settings = new URLSearchParams(location.hash.startsWith('#!') ? location.hash.slice(2) : location.search)

function speak(language) {
  root.lang = language
  for (const button of document.querySelectorAll('[data-language]')) {
    button.setAttribute('aria-pressed', String(button.dataset.language === language))
  }
}

function paint(theme) {
  if (theme) root.dataset.theme = theme
}

for (const button of document.querySelectorAll('[data-language]')) {
  button.addEventListener('click', () => speak(button.dataset.language))
}
document.querySelector('[data-theme-switch]').addEventListener('click', () => {
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
  paint(dark ? 'light' : 'dark')
})
speak(settings.get('lang') ?? (navigator.language.startsWith('ko') ? 'ko' : 'en'))
paint(settings.get('theme'))
