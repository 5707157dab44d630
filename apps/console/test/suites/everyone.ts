import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Console } from '../../server/console.ts'
import { drawers } from '../../web/src/model/link.ts'
import { type OpenPage, openPage } from '../browser.ts'
import { afresh, type Shared } from '../shared.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const patient = { timeout: 45_000, interval: 100 }

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[]
}

/** Everything that axe-core finds wrong, however small. */
async function faults({ page }: OpenPage): Promise<string[]> {
  await page.evaluate(axe)
  const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
    violations: Violation[]
  }
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')}: ${failureSummary}`),
  )
}

/** What is pressed, and smaller than a finger or a pointer needs. */
function small({ page }: OpenPage, least: number): Promise<string[]> {
  return page.evaluate((px) => {
    const targets = document.querySelectorAll('button, a, select, input, .guess label, svg [role=button]')
    return [...targets].flatMap((one) => {
      const box = one.getBoundingClientRect()
      // What is not shown, or shows as the label around it, is not pressed.
      if (box.width === 0 || one.matches('.guess input, .skip') || one.closest('.presenting > .bar')) return []
      return box.height < px - 0.5 || box.width < Math.min(px, 24) - 0.5
        ? [
            `${one.tagName} ${one.className} "${one.textContent?.trim().slice(0, 20)}" ${Math.round(box.width)} × ${Math.round(box.height)}`,
          ]
        : []
    })
  }, least)
}

/** The page for whoever sees, hears, points or reads otherwise. */
export function everyoneSuite(shared: () => Shared): void {
  describe('for everyone', () => {
    let console: Console
    let browser: Browser
    let view: OpenPage
    beforeAll(async () => {
      ;({ console, browser, view } = await afresh(shared()))
    })
    afterAll(() => view?.close())

    it.each([
      ['the picture', '&theme=light'],
      ['the dark picture', '&theme=dark'],
      ['a question', '&theme=light&tour=5.1'],
      ['a presented question', '&theme=dark&tour=2.1&present=1'],
      ...drawers.map(
        (name) => [`the drawer of ${name}`, `&theme=${name.length % 2 ? 'dark' : 'light'}&drawer=${name}`] as const,
      ),
    ] as const)('axe-core finds nothing in %s, and nothing there is too small to hit', async (_, hash) => {
      await view.goTo(hash)
      await view.page.waitForFunction((want) => location.hash.includes(want), hash.split('&')[1] ?? '')
      if (hash.includes('drawer')) await view.page.locator('.drawer').waitFor()
      await view.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
      expect(await faults(view)).toEqual([])
      expect(await small(view, 24)).toEqual([])
    })

    it('axe-core finds nothing in the dialogs', async () => {
      await view.goTo('')
      for (const key of ['?', 'b']) {
        await view.page.keyboard.press(key)
        await view.page.locator('dialog').waitFor()
        expect(await faults(view)).toEqual([])
        await view.page.keyboard.press('Escape')
        await expect.poll(() => view.page.locator('dialog').count()).toBe(0)
      }
    })

    it('on a telephone, in Korean, axe-core finds nothing, and whatever is pressed is 44 px high', async () => {
      const phone = await openPage(browser, console.url, {
        lang: 'ko',
        context: { viewport: { width: 390, height: 844 } },
      })
      for (const hash of ['', '&tour=5.1', '&drawer=what-if', '&drawer=why', '&drawer=redis']) {
        await phone.goTo(hash)
        if (hash.includes('drawer')) await phone.page.locator('.drawer').waitFor()
        expect(await faults(phone)).toEqual([])
        // The picture's servers are targets too; a lane's band is lower than a finger, so it is not asked of them.
        expect((await small(phone, 44)).filter((one) => one.startsWith('BUTTON') || one.startsWith('SELECT'))).toEqual(
          [],
        )
      }
      await phone.close()
    })

    it('nothing is explained by a title alone: whoever has no pointer would never read it', async () => {
      for (const name of drawers) {
        await view.goTo(`&drawer=${name}`)
        await view.page.locator(`.drawer[data-open=${name}]`).waitFor()
        expect(await view.page.locator('[title]').count(), name).toBe(0)
      }
      await view.goTo('&drawer=servers')
      await expect
        .poll(() => view.page.locator('.node-table tfoot').textContent(), patient)
        .toContain(view.t('lane.even.hint'))
    })

    describe('without a mouse', () => {
      beforeAll(() => view.goTo('&user=Alice'))

      it('chooses a user, opens, looks into the cookie, and changes language and theme by single keys', async () => {
        const { keyboard } = view.page
        await keyboard.press('3')
        await expect
          .poll(() => view.page.locator('.lane[data-lane=local] .person.chosen').getAttribute('data-person'), patient)
          .toBe('Carol')
        await keyboard.press('o')
        await expect.poll(() => view.mark('Carol', 'clustered'), patient).toBe('found')
        await keyboard.press('c')
        await expect.poll(() => view.page.locator('.drawer').getAttribute('data-open'), patient).toBe('cookie')
        await keyboard.press('Escape')
        await expect.poll(() => view.page.locator('.drawer').count(), patient).toBe(0)
        await keyboard.press('d')
        await expect.poll(() => view.page.locator('html').getAttribute('data-theme')).toBe('dark')
        await keyboard.press('g')
        await expect.poll(() => view.page.locator('html').getAttribute('lang')).toBe('ko')
        await keyboard.press('g')
      })

      it('lists its keys with ?, and there they can be switched off: then a letter does nothing', async () => {
        const { keyboard } = view.page
        await keyboard.press('?')
        expect((await view.page.locator('dialog kbd').allTextContents()).length).toBeGreaterThan(18)
        await view.page.locator('dialog .switch input').uncheck()
        await keyboard.press('Escape')
        await expect.poll(() => view.page.locator('dialog').count()).toBe(0)
        await keyboard.press('x')
        await keyboard.press('ArrowRight')
        expect(await view.page.locator('.drawer').count()).toBe(0)
        await view.page
          .locator('.bar')
          .getByRole('button', { name: view.t('keys.open') })
          .click()
        await view.page.locator('dialog .switch input').check()
        await keyboard.press('Escape')
        await keyboard.press('x')
        await expect.poll(() => view.page.locator('.drawer').getAttribute('data-open'), patient).toBe('what-if')
        await keyboard.press('Escape')
      })

      it('reaches everything with Tab in few steps, and always shows where the focus is', async () => {
        const { page } = view
        await view.goTo('&drawer=events')
        await page.locator('.events').waitFor()
        await page.locator('body').click({ position: { x: 1, y: 1 } })
        const seen: string[] = []
        for (let i = 0; i < 90; i++) {
          await page.keyboard.press('Tab')
          const focused = await page.evaluate(() => {
            const element = document.activeElement
            if (!element || element === document.body) return undefined
            const drawn = getComputedStyle(element)
            const visible = drawn.outlineStyle !== 'none' || drawn.strokeWidth === '4px'
            return {
              name: element.getAttribute('aria-label') ?? element.textContent?.trim() ?? '',
              visible,
              tag: element.tagName,
            }
          })
          if (!focused) break
          expect(focused.visible, `${focused.tag} ${focused.name} shows its focus`).toBe(true)
          seen.push(`${focused.tag.toLowerCase()} ${focused.name}`)
        }
        for (const wanted of ['Alice, Local', 'Server b of Sticky', 'Redis', 'What if', 'Events, newest first'])
          expect(
            seen.some((name) => name.includes(wanted)),
            `Tab reaches ${wanted}`,
          ).toBe(true)
        // A lane's people are one stop, and so are the rows of the events; the arrow keys go on from there.
        expect(seen.filter((name) => name.includes(', Local:'))).toHaveLength(1)
        expect(seen.filter((name) => name.startsWith('button Why?'))).toEqual([])
        expect(seen.length).toBeLessThan(60)
      })

      it('goes from person to person with the arrow keys', async () => {
        const person = (name: string) => view.page.locator(`.lane[data-lane=sticky] [data-person=${name}] .reach`)
        await view.goTo('&user=Alice')
        await person('Alice').focus()
        await view.page.keyboard.press('ArrowRight')
        await expect.poll(() => person('Bob').evaluate((one) => one === document.activeElement), patient).toBe(true)
        await view.page.keyboard.press('Enter')
        await expect.poll(() => view.page.locator('.drawer').getAttribute('data-open'), patient).toBe('why')
      })

      it('gets the focus back after a dialog', async () => {
        await view.drawer('what-if')
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
        await view.goTo('')
        await keyboard.press('b')
        await view.page.locator('dialog [data-preview=sticky]').waitFor()
        expect(await view.page.evaluate(() => document.activeElement?.className)).toBe('primary')
        await keyboard.press('Enter')
        await expect.poll(() => view.stateOf('sticky', 'b'), patient).toBe('crashed')
        for (const name of console.stage.traffic.names) await console.stage.traffic.everywhere(name, 'open')
        await expect.poll(() => view.page.locator('.dock .primary').getAttribute('data-offer'), patient).toBe('restart')
        await keyboard.press('Enter')
        await view.page.locator('dialog').waitFor()
        await keyboard.press('Enter')
        await expect.poll(() => view.stateOf('sticky', 'b'), patient).toBe('up')
        expect(view.complaints).toEqual([])
      })
    })

    describe('movement', () => {
      const watch = async ({ page }: OpenPage) => {
        await page.evaluate(() => {
          const seen = { moving: 0 }
          Object.assign(window, { seen })
          new MutationObserver((changes) => {
            for (const { target } of changes)
              seen.moving = Math.max(seen.moving, Number((target as HTMLElement).dataset.moving ?? 0))
          }).observe(document.querySelector('.stage') as Element, {
            subtree: true,
            attributes: true,
            attributeFilter: ['data-moving'],
          })
        })
        const drawn = () =>
          page
            .locator('.stage .dots')
            .getAttribute('data-drawn')
            .then((n) => Number(n ?? 0))
        const before = await drawn()
        for (let i = 0; i < 3; i++) await console.stage.traffic.everywhere('Dave', 'open')
        await expect.poll(drawn, patient).toBe(before + 9)
        return page.evaluate(() => (window as unknown as { seen: { moving: number } }).seen.moving)
      }

      it('is there for requests by default', async () => {
        const moving = await openPage(browser, console.url)
        // A busy machine gets fewer pictures: a trip may fall between two of them, but not every trip.
        await expect.poll(() => watch(moving), patient).toBeGreaterThan(0)
        await moving.close()
      })

      it('is not there for whoever prefers less of it, and the marks still come', async () => {
        const still = await openPage(browser, console.url, { context: { reducedMotion: 'reduce' } })
        expect(await watch(still)).toBe(0)
        await expect.poll(() => still.mark('Dave', 'clustered'), patient).toBe('found')
        const animated = await still.page.evaluate(
          () =>
            [...document.querySelectorAll('*')].filter((element) => {
              const { transitionDuration, animationName } = getComputedStyle(element)
              return !['0s', ''].includes(transitionDuration) || animationName !== 'none'
            }).length,
        )
        expect(animated).toBe(0)
        await still.close()
      })
    })

    it('a deep link opens the same place again', async () => {
      const link = await openPage(browser, console.url, {
        lang: 'ko',
        hash: '&theme=dark&user=Heidi&lane=clustered&drawer=cookie',
      })
      expect(await link.page.locator('.who [data-user=Heidi]').getAttribute('aria-pressed')).toBe('true')
      expect(await link.page.locator('.drawer').getAttribute('data-open')).toBe('cookie')
      await link.page.locator('[data-side=clustered] [data-cookie=SESSION]').waitFor()
      expect(await link.page.locator('html').getAttribute('data-theme')).toBe('dark')
      await link.goTo('&tour=3.2')
      await expect.poll(() => link.page.locator('.say').getAttribute('data-step'), patient).toBe('3.2')
      await expect
        .poll(() => link.page.locator('.lane[data-lane=local] .person.chosen').getAttribute('data-person'), patient)
        .toBe('Alice')
      await link.close()
    })
  })
}
