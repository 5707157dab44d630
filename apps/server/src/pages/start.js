// Answers the start page's forms in place: one click, one real request, one line that names the node that answered.
// Without this script the same forms work as plain forms.
const panel = document.querySelector('[data-answers]')
const list = panel.querySelector('[data-list]')
const empty = panel.querySelector('[data-empty]')
const clearButton = panel.querySelector('[data-clear]')
const KEPT = 20

panel.hidden = false
for (const form of document.querySelectorAll('form[data-live]')) form.addEventListener('submit', onSubmit)
for (const button of document.querySelectorAll('[data-copy]')) enableCopy(button)
clearButton.addEventListener('click', clear)

async function onSubmit(event) {
  event.preventDefault()
  const form = event.currentTarget
  if (form.dataset.busy) return
  const button = form.querySelector('button')
  form.dataset.busy = 'yes'
  button.setAttribute('aria-disabled', 'true')
  const times = Number(form.dataset.times ?? 1)
  if (times > 1) await showMany(form, times)
  else show(await send(form))
  button.removeAttribute('aria-disabled')
  delete form.dataset.busy
}

async function send(form) {
  const { method, path } = requestOf(form)
  const headers = { accept: 'text/plain', 'accept-language': document.documentElement.lang }
  try {
    const response = await fetch(path, { method, headers, cache: 'no-store' })
    const text = (await response.text()).trim()
    return {
      what: `${method} ${path}`,
      status: response.status,
      node: response.headers.get('x-served-by') ?? '?',
      text,
    }
  } catch {
    return { what: `${method} ${path}`, status: 0, node: '?', text: panel.dataset.unreachable }
  }
}

function requestOf(form) {
  const fields = new URLSearchParams(new FormData(form))
  const path = form.getAttribute('action') + (fields.size > 0 ? `?${fields}` : '')
  return { method: form.getAttribute('method'), path }
}

/** One line for one answer. */
function show({ node, what, status, text }) {
  const [tone, mark] = verdict(status)
  const item = newest(element('span', 'badge', node), what)
  item.append(element('span', `pill ${tone}`, `${mark} ${status || '–'}`))
  if (!text) return
  const body = element('pre', '', text)
  item.append(body)
  // What can be scrolled must be reachable by keyboard.
  if (body.scrollHeight > body.clientHeight) body.tabIndex = 0
}

/** One line for many answers, one after the other: which node, and whether it found anything. */
async function showMany(form, times) {
  const { method, path } = requestOf(form)
  const item = newest(element('span', 'badge quiet', `×${times}`), `${method} ${path}`)
  const strip = element('div', 'strip')
  item.append(strip)
  for (let round = 0; round < times; round += 1) {
    const { node, status } = await send(form)
    const [tone, mark] = verdict(status)
    strip.append(element('span', `pill ${tone}`, `${node} ${mark}`))
  }
}

/** Puts a new line on top. */
function newest(badge, what) {
  empty.hidden = true
  clearButton.hidden = false
  const item = element('li', 'answer')
  item.append(badge, element('span', 'what', decodeURI(what.replaceAll('+', ' '))))
  list.prepend(item)
  while (list.children.length > KEPT) list.lastElementChild.remove()
  item.scrollIntoView({ block: 'nearest' })
  return item
}

/** Tone and mark: an answer, an absence, a refusal or failure. */
function verdict(status) {
  if (status >= 200 && status < 400) return ['found', '✓']
  return status === 404 ? ['miss', '–'] : ['lost', '!']
}

function element(name, className, text = '') {
  const made = document.createElement(name)
  if (className) made.className = className
  made.textContent = text
  return made
}

function clear() {
  list.replaceChildren()
  empty.hidden = false
  clearButton.hidden = true
}

function enableCopy(button) {
  if (!navigator.clipboard) return
  button.hidden = false
  const label = button.textContent
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent)
    button.textContent = button.dataset.done
    button.addEventListener(
      'blur',
      () => {
        button.textContent = label
      },
      { once: true },
    )
  })
}
