// Answers the start page's forms in place: one click, one real request, one line that names the node that answered.
// Without this script the same forms work as plain forms.
const panel = document.querySelector('[data-answers]')
const list = panel.querySelector('[data-list]')
const strip = panel.querySelector('[data-strip]')
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
  strip.replaceChildren()
  const times = Number(form.dataset.times ?? 1)
  for (let round = 0; round < times; round += 1) show(await send(form), times > 1)
  button.removeAttribute('aria-disabled')
  delete form.dataset.busy
}

async function send(form) {
  const fields = new URLSearchParams(new FormData(form))
  const method = form.getAttribute('method')
  const path = form.getAttribute('action') + (fields.size > 0 ? `?${fields}` : '')
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

function show(answer, inStrip) {
  empty.hidden = true
  clearButton.hidden = false
  const [tone, mark] = verdict(answer.status)
  if (inStrip) strip.append(element('span', `pill ${tone}`, `${answer.node} ${mark}`))
  const item = element('li', 'answer')
  item.append(element('span', 'badge', answer.node))
  item.append(element('span', 'what', decodeURI(answer.what.replaceAll('+', ' '))))
  item.append(element('span', `pill ${tone}`, `${mark} ${answer.status || '–'}`))
  if (answer.text) item.append(element('pre', '', answer.text))
  list.prepend(item)
  while (list.children.length > KEPT) list.lastElementChild.remove()
  item.scrollIntoView({ block: 'nearest' })
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
  strip.replaceChildren()
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
