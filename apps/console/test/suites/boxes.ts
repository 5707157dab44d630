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
      !element.closest('.sr, .skip, .presenting > .bar, .presenting > .rail')
    // What scrolled out of its drawer's sight is not there.
    const boxOf = (element: Element) => {
      const box = element.getBoundingClientRect()
      const sight = element.closest('.drawer-body, .rail')?.getBoundingClientRect()
      if (!sight) return box
      const top = Math.max(box.top, sight.top)
      return new DOMRect(
        box.left,
        top,
        Math.max(0, Math.min(box.right, sight.right) - box.left),
        Math.max(0, Math.min(box.bottom, sight.bottom) - top),
      )
    }
    const overlap = (a: DOMRect, b: DOMRect, slack: number) =>
      Math.min(a.right, b.right) - Math.max(a.left, b.left) > slack &&
      Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > slack

    // 1. The page itself never scrolls sideways, nor down: all that matters is on one screen.
    if (document.documentElement.scrollWidth > innerWidth)
      faults.push(`the page is ${document.documentElement.scrollWidth} wide on a screen of ${innerWidth}`)
    if (document.documentElement.scrollHeight > innerHeight + 1)
      faults.push(`the page is ${document.documentElement.scrollHeight} high on a screen of ${innerHeight}`)

    // 2. No text is larger than what it stands in, except where it may scroll or is meant to be cut with an ellipsis.
    for (const element of document.querySelectorAll('.app *, dialog *')) {
      if (!(element instanceof HTMLElement) || !shown(element) || element.closest('.scroll, .rail')) continue
      const style = getComputedStyle(element)
      if (style.display === 'inline' || element.clientWidth === 0 || style.textOverflow === 'ellipsis') continue
      if (element.scrollWidth > element.clientWidth + 1 && style.overflowX !== 'auto')
        faults.push(`${name(element)} needs ${element.scrollWidth} and has ${element.clientWidth}`)
      if (element.matches('.say, .under, .act, .dock') && element.scrollHeight > element.clientHeight + 2)
        faults.push(`${name(element)} needs a height of ${element.scrollHeight} and has ${element.clientHeight}`)
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

    // 3. The page's parts, and buttons among themselves, do not lie on each other.
    for (const group of [
      [...document.querySelectorAll('.bar, .say, .stage, .drawer, .dock, .rail')],
      [...document.querySelectorAll('.app button, .app select, .app label, .app h1, .app h2, .app h3, .live')],
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

    // 4. In the picture, no text lies on another, leaves the picture, or leaves its server's box.
    for (const drawing of document.querySelectorAll('.stage svg')) {
      const frame = drawing.getBoundingClientRect()
      const words = [...drawing.querySelectorAll('text')].filter(
        (text) => shown(text) && !text.closest('.token, .basket, .coin'),
      )
      for (const [index, one] of words.entries()) {
        const mine = one.getBoundingClientRect()
        for (const other of words.slice(index + 1))
          if (overlap(mine, other.getBoundingClientRect(), 2))
            faults.push(`in the picture, ${name(one)} lies on ${name(other)}`)
        if (mine.left < frame.left - 1 || mine.right > frame.right + 1 || mine.bottom > frame.bottom + 1)
          faults.push(`${name(one)} leaves the picture`)
        const box = one.closest('.server:not(.down)')?.querySelector('.box')?.getBoundingClientRect()
        if (box && (mine.left < box.left - 1 || mine.right > box.right + 1)) faults.push(`${name(one)} leaves its box`)
      }
    }
    return faults
  })
}
