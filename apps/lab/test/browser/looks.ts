import type { Page } from 'playwright-core'

/** What a reader would stumble over, a line each; run in the page itself, so these functions use nothing from outside. */

/** By how many pixels the page is wider than its window. */
export const sidewaysOverflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

/** What has to be scrolled sideways to be read whole, of what `selector` finds. */
export const scrolledSideways = (page: Page, selector: string): Promise<string[]> =>
  page.evaluate(
    (among) =>
      [...document.querySelectorAll(among)]
        .filter((element) => element.scrollWidth > element.clientWidth + 1)
        .map((element) => `${element.closest('[id]')?.id}: ${element.textContent?.trim().slice(0, 40)}`),
    selector,
  )

/** Pairs of words in a plot whose boxes overlap, and words that reach out of their plot or end in the middle. */
export function crowdedWords(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const shown = [...document.querySelectorAll('svg.plot')].filter((plot) => plot.getClientRects().length > 0)
    return shown.flatMap((plot) => {
      const name = plot.getAttribute('aria-label')?.slice(0, 30)
      const frame = plot.getBoundingClientRect()
      const words = [...plot.querySelectorAll('text')]
        .filter(
          (text) =>
            text.textContent?.trim() && getComputedStyle(text).opacity !== '0' && text.getAttribute('opacity') !== '0',
        )
        .map((text) => ({ text: text.textContent ?? '', box: text.getBoundingClientRect() }))
      const cutOff = words.filter(
        ({ text, box }) =>
          text.endsWith('…') ||
          box.left < frame.left - 1 ||
          box.right > frame.right + 1 ||
          box.top < frame.top - 1 ||
          box.bottom > frame.bottom + 1,
      )
      const overlap = (a: DOMRect, b: DOMRect) =>
        Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
        Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2.5
      const covering = words.flatMap((first, index) =>
        words
          .slice(index + 1)
          .filter((second) => overlap(first.box, second.box))
          .map((second) => `${name}: "${first.text}" and "${second.text}" overlap`),
      )
      return [...cutOff.map(({ text }) => `${name}: "${text}" is cut off`), ...covering]
    })
  })
}

/** Words outside of plots whose contrast with what is behind them is below WCAG's 4.5 (3 for large ones). */
export function faintWords(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const parse = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number)
    const luminance = (color: readonly number[]) => {
      const [red = 0, green = 0, blue = 0] = color.map((part) => {
        const share = part / 255
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
    const behind = (element: Element): number[] => {
      const color = parse(getComputedStyle(element).backgroundColor)
      if ((color[3] ?? 1) > 0) return color
      return element.parentElement ? behind(element.parentElement) : [255, 255, 255]
    }
    const hasOwnWords = (element: Element) =>
      [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim())
    return [...document.querySelectorAll('body *:not(svg *, script, style)')]
      .filter((element) => hasOwnWords(element) && element.getClientRects().length > 0)
      .flatMap((element) => {
        const style = getComputedStyle(element)
        const [light = 0, dark = 0] = [luminance(parse(style.color)), luminance(behind(element))].sort((a, b) => b - a)
        const contrast = (light + 0.05) / (dark + 0.05)
        const enough = Number.parseFloat(style.fontSize) >= 24 ? 3 : 4.5
        return contrast < enough ? [`${element.textContent?.trim().slice(0, 40)}: ${contrast.toFixed(2)}`] : []
      })
  })
}
