import type { Page } from 'playwright-core'

/** What is wrong with where things are on the page, in words; an empty list when nothing is. */
export function misplaced(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const faults: string[] = []
    const name = (element: Element) =>
      `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''} "${(element.textContent ?? '').trim().slice(0, 40)}"`
    const shown = (element: Element) =>
      element.getClientRects().length > 0 &&
      getComputedStyle(element).visibility !== 'hidden' &&
      !element.closest('.sr, .skip')
    // What scrolled out of its panel's sight is not there.
    const boxOf = (element: Element) => {
      const box = element.getBoundingClientRect()
      const sight = element.closest('[role=tabpanel]')?.getBoundingClientRect()
      if (!sight) return box
      const top = Math.max(box.top, sight.top)
      return new DOMRect(box.left, top, box.width, Math.max(0, Math.min(box.bottom, sight.bottom) - top))
    }
    const overlap = (a: DOMRect, b: DOMRect, slack: number) =>
      Math.min(a.right, b.right) - Math.max(a.left, b.left) > slack &&
      Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > slack

    // 1. The page itself never scrolls sideways.
    if (document.documentElement.scrollWidth > innerWidth)
      faults.push(`the page is ${document.documentElement.scrollWidth} wide on a screen of ${innerWidth}`)

    // 2. No text is wider than what it stands in, except where it may scroll or is meant to be cut with an ellipsis.
    for (const element of document.querySelectorAll('.app *, dialog *')) {
      if (!(element instanceof HTMLElement) || !shown(element) || element.closest('.scroll')) continue
      const style = getComputedStyle(element)
      if (
        element.scrollWidth > element.clientWidth + 1 &&
        element.clientWidth > 0 &&
        style.display !== 'inline' &&
        style.textOverflow !== 'ellipsis'
      ) {
        faults.push(`${name(element)} needs ${element.scrollWidth} and has ${element.clientWidth}`)
      }
    }

    // 2b. What may scroll sideways need not: a table of few columns fits its panel, but on a telephone.
    for (const table of document.querySelectorAll('.node-table.few')) {
      const panel = table.closest('.scroll')
      if (panel && shown(table) && innerWidth > 820 && panel.scrollWidth > panel.clientWidth)
        faults.push(`${name(table)} needs ${panel.scrollWidth} and its panel has ${panel.clientWidth}`)
    }

    // 2c. No word is broken over two lines; a code may be.
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      const holder = text.parentElement
      if (!holder || !shown(holder) || holder.closest('code, svg, option')) continue
      for (const word of (text.nodeValue ?? '').matchAll(/[^\s\u00b7/-]+/g)) {
        const range = document.createRange()
        range.setStart(text, word.index)
        range.setEnd(text, word.index + word[0].length)
        const tops = [...range.getClientRects()].filter(({ width }) => width > 0).map(({ top }) => top)
        if (Math.max(...tops) - Math.min(...tops) > 4) faults.push(`“${word[0]}” is broken in ${name(holder)}`)
      }
    }

    // 3. Panels, and buttons among themselves, do not lie on each other.
    for (const group of [
      [...document.querySelectorAll('.panel, header')],
      [...document.querySelectorAll('.app button, .app select, .app .mark, .app h2, .app h3')],
    ]) {
      const visible = group.filter((element) => shown(element) && !element.closest('.scroll'))
      for (const [index, one] of visible.entries()) {
        for (const other of visible.slice(index + 1)) {
          // What is in a dialog is meant to lie on the page behind it.
          if (one.contains(other) || other.contains(one) || one.closest('dialog') !== other.closest('dialog')) continue
          if (overlap(boxOf(one), boxOf(other), 1)) faults.push(`${name(one)} lies on ${name(other)}`)
        }
      }
    }

    // 4. In a drawing, no text lies on another or leaves its node's box.
    for (const drawing of document.querySelectorAll('.diagram svg')) {
      const texts = [...drawing.querySelectorAll('text')].filter((text) => shown(text) && !text.closest('.token'))
      for (const [index, one] of texts.entries()) {
        for (const other of texts.slice(index + 1))
          if (overlap(boxOf(one), boxOf(other), 1)) faults.push(`in a drawing, ${name(one)} lies on ${name(other)}`)
        const box = one.closest('.node')?.querySelector('.box')
        if (box && (boxOf(one).left < boxOf(box).left || boxOf(one).right > boxOf(box).right))
          faults.push(`in a drawing, ${name(one)} leaves its box`)
      }
    }
    return faults
  })
}
