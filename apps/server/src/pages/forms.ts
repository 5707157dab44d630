import { type Html, html } from './html.ts'
import type { Words } from './words-type.ts'

/** A form for each thing that the node does. They work without scripts; the page's script answers them in place. */
export function forms({ labels }: Words): Html {
  return html`<div class="cards">
${card(labels.attribute, [
  field('GET', '/set', { name: 'q', label: labels.value, value: 'password', button: labels.save }),
  row([button('GET', '/get', labels.read), button('GET', '/get', labels.readTen, 10)]),
])}
${card(labels.login, [
  field('POST', '/login', { name: 'user', label: labels.name, value: 'alice', button: labels.login }),
  row([button('POST', '/logout', labels.logout), button('GET', '/whoami', labels.whoami)]),
])}
${card(labels.cart, [
  field('POST', '/cart/add', { name: 'item', label: labels.item, value: 'apple', button: labels.add }),
  row([button('GET', '/cart', labels.show)]),
])}
${card(labels.counter, [row([button('POST', '/counter', labels.plusOne), button('GET', '/counter', labels.show)])])}
</div>`
}

interface Field {
  name: string
  label: string
  value: string
  button: string
}

function card(title: string, parts: Html[]): Html {
  return html`<div class="card"><h3>${title}</h3>${parts}</div>`
}

function row(parts: Html[]): Html {
  return html`<div class="row">${parts}</div>`
}

function field(method: 'GET' | 'POST', action: string, { name, label, value, button }: Field): Html {
  const id = `field-${name}`
  return html`<form method="${method}" action="${action}" data-live><label for="${id}">${label}</label><div class="row"><input id="${id}" name="${name}" value="${value}" maxlength="200" autocomplete="off" autocapitalize="off" spellcheck="false" required><button class="primary">${button}</button></div></form>`
}

function button(method: 'GET' | 'POST', action: string, label: string, times = 1): Html {
  return html`<form method="${method}" action="${action}" data-live data-times="${times}"><button>${label}</button></form>`
}
