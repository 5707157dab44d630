import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Console } from '../server/console.ts'
import { type OpenPage, openPage } from './browser.ts'
import { withConsole } from './with-console.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const patient = { timeout: 45_000, interval: 100 }
let console: Console
let browser: Browser

withConsole((opened) => {
  ;({ console, browser } = opened)
})

interface Violation {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[]
}

/** What axe-core finds wrong, serious and worse. */
async function faults({ page }: OpenPage): Promise<string[]> {
  await page.evaluate(axe)
  const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
    violations: Violation[]
  }
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')}: ${failureSummary}`),
    )
}

describe('axe-core finds nothing serious', () => {
  it.each([
    ['en', 'light', '&tab=why'],
    ['en', 'dark', '&tab=cookie&lane=sticky&user=Alice'],
    ['ko', 'light', '&tab=redis&lane=clustered&user=Alice&tour=5.1'],
    ['ko', 'dark', '&tab=session&lane=local&user=Alice'],
    ['en', 'dark', '&tour=2.1&present=1'],
  ] as const)('in %s, %s, %s', async (lang, theme, rest) => {
    const view = await openPage(browser, console.url, { lang, hash: `&theme=${theme}${rest}` })
    await view.page.locator('[data-user], .presenting').first().waitFor()
    expect(await faults(view)).toEqual([])
    expect(view.complaints).toEqual([])
    await view.page.context().close()
  })

  it('nor in the dialogs', async () => {
    const view = await openPage(browser, console.url)
    for (const key of ['?', 'b']) {
      await view.page.keyboard.press(key)
      await view.page.locator('dialog').waitFor()
      expect(await faults(view)).toEqual([])
      await view.page.keyboard.press('Escape')
      await expect.poll(() => view.page.locator('dialog').count()).toBe(0)
    }
    await view.page.context().close()
  })
})

describe('without a mouse', () => {
  let view: OpenPage
  beforeAll(async () => {
    view = await openPage(browser, console.url)
  })
  afterAll(() => view.page.context().close())

  it('chooses a user, opens, looks into the cookie, and changes language and theme by single keys', async () => {
    const { keyboard } = view.page
    await keyboard.press('3')
    expect(await view.page.locator('[data-user=Carol]').getAttribute('aria-pressed')).toBe('true')
    await keyboard.press('o')
    await expect.poll(() => view.mark('Carol', 'clustered'), patient).toBe('found')
    await keyboard.press('v')
    expect(await view.page.locator('#tab-cookie').getAttribute('aria-selected')).toBe('true')
    await keyboard.press('d')
    await expect.poll(() => view.page.locator('html').getAttribute('data-theme')).toBe('dark')
    await keyboard.press('g')
    await expect.poll(() => view.page.locator('html').getAttribute('lang')).toBe('ko')
    await keyboard.press('g')
  })

  it('lists its keys with ?', async () => {
    await view.page.keyboard.press('?')
    const listed = await view.page.locator('dialog kbd').allTextContents()
    expect(listed.length).toBeGreaterThan(18)
    await view.page.keyboard.press('Escape')
    await expect.poll(() => view.page.locator('dialog').count()).toBe(0)
  })

  it('reaches everything with Tab, and always shows where the focus is', async () => {
    const { page } = view
    await page.locator('body').click({ position: { x: 1, y: 1 } })
    const seen = new Set<string>()
    for (let i = 0; i < 140; i++) {
      await page.keyboard.press('Tab')
      const focused = await page.evaluate(() => {
        const element = document.activeElement
        if (!element || element === document.body) return undefined
        const style = getComputedStyle(element)
        const visible = style.outlineStyle !== 'none' || style.strokeWidth === '3px'
        return {
          name: element.getAttribute('aria-label') ?? element.textContent?.trim() ?? '',
          visible,
          tag: element.tagName,
          kind: element.className.toString(),
        }
      })
      if (!focused) break
      expect(focused.visible, `${focused.tag} ${focused.name} shows its focus`).toBe(true)
      seen.add(`${focused.tag.toLowerCase()} ${focused.name}`)
    }
    for (const wanted of ['Alice', 'Crash b', 'Log in', 'b crashes', 'Server b of Sticky']) {
      expect(
        [...seen].some((name) => name.includes(wanted)),
        `Tab reaches ${wanted}`,
      ).toBe(true)
    }
  })

  it('gets the focus back after a dialog', async () => {
    const question = view.page.locator('[data-ask=rolling]')
    await question.focus()
    await view.page.keyboard.press('Enter')
    await view.page.locator('dialog').waitFor()
    await view.page.keyboard.press('Escape')
    await expect.poll(() => view.page.locator('dialog').count(), patient).toBe(0)
    await expect.poll(() => question.evaluate((element) => element === document.activeElement), patient).toBe(true)
  })

  it('kills b and brings it back by keys alone', async () => {
    const { keyboard } = view.page
    await keyboard.press('b')
    await view.page.locator('dialog [data-preview=sticky]').waitFor()
    expect(await view.page.evaluate(() => document.activeElement?.className)).toBe('primary')
    await keyboard.press('Enter')
    await expect.poll(() => view.stateOf('sticky', 'b'), patient).toBe('crashed')
    await view.page.locator('[data-ask=restart]').focus()
    await keyboard.press('Enter')
    await view.page.locator('dialog').waitFor()
    await keyboard.press('Enter')
    await expect.poll(() => view.stateOf('sticky', 'b'), patient).toBe('up')
    expect(view.complaints).toEqual([])
  })
})

describe('movement', () => {
  const watch = async (view: OpenPage) => {
    const { page } = view
    await page.evaluate(() => {
      const seen = { moving: 0 }
      Object.assign(window, { seen })
      new MutationObserver((changes) => {
        for (const { target } of changes)
          seen.moving = Math.max(seen.moving, Number((target as HTMLElement).dataset.moving ?? 0))
      }).observe(document.querySelector('.lanes') as Element, {
        subtree: true,
        attributes: true,
        attributeFilter: ['data-moving'],
      })
    })
    const drawn = () => page.locator('[data-lane=clustered] .dots').getAttribute('data-drawn').then(Number)
    const before = await drawn().then((n) => n || 0)
    for (let i = 0; i < 3; i++) await console.stage.traffic.everywhere('Dave', 'open')
    await expect.poll(drawn, patient).toBe(before + 3)
    return page.evaluate(() => (window as unknown as { seen: { moving: number } }).seen.moving)
  }

  it('is there for dots by default', async () => {
    const view = await openPage(browser, console.url)
    // A busy machine gets fewer pictures: a flight may fall between two of them, but not every flight.
    await expect.poll(() => watch(view), patient).toBeGreaterThan(0)
    await view.page.context().close()
  })

  it('is not there for whoever prefers less of it, and the marks still come', async () => {
    const view = await openPage(browser, console.url, { context: { reducedMotion: 'reduce' } })
    expect(await watch(view)).toBe(0)
    await expect.poll(() => view.mark('Dave', 'clustered'), patient).toBe('found')
    const animated = await view.page.evaluate(
      () =>
        [...document.querySelectorAll('*')].filter(
          (element) => !['0s', ''].includes(getComputedStyle(element).transitionDuration),
        ).length,
    )
    expect(animated).toBe(0)
    await view.page.context().close()
  })
})

describe('a deep link', () => {
  it('opens the same place again', async () => {
    const view = await openPage(browser, console.url, {
      lang: 'ko',
      hash: '&theme=dark&user=Heidi&lane=clustered&tab=cookie',
    })
    expect(await view.page.locator('[data-user=Heidi]').getAttribute('aria-pressed')).toBe('true')
    expect(await view.page.locator('#tab-cookie').getAttribute('aria-selected')).toBe('true')
    expect(await view.page.locator('.inspector [data-cookie]').getAttribute('data-cookie')).toBe('SESSION')
    expect(await view.page.locator('html').getAttribute('data-theme')).toBe('dark')
    await view.page.context().close()
  })

  it('opens a step of the tour, with whom it is about', async () => {
    const view = await openPage(browser, console.url, { lang: 'en', hash: '&tour=3.2' })
    expect(await view.page.locator('.tour').getAttribute('data-step')).toBe('3.2')
    expect(await view.page.locator('[data-user=Alice]').getAttribute('aria-pressed')).toBe('true')
    await view.page.context().close()
  })
})
