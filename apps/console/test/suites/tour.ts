import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Console } from '../../server/console.ts'
import type { OpenPage } from '../browser.ts'
import { afresh, type Shared } from '../shared.ts'

const patient = { timeout: 90_000, interval: 100 }
/** What each step's reveal must say about each lane; a share or a list of nodes as a pattern. */
const truth: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  '1.2': { local: /found/, sticky: /found/, clustered: /found/ },
  '1.3': { local: /no session/, sticky: /no session/, clustered: /no session/ },
  '2.1': { local: /not here/, sticky: /not here/, clustered: /found/ },
  '2.2': { local: /[34] of 10/, clustered: /10 of 10/ },
  '3.2': { local: /^a, b, c/, sticky: /^\wanswered/, clustered: /^a, b, c/ },
  '4.1': { local: /^b 3\d\s%/, sticky: /^b 100\s%a 0\s% · b 100\s% · c 0\s%/, clustered: /^b 3\d\s%/ },
  '5.1': { local: /[1-8] of 9logged out/, sticky: /[1-8] of 9logged out/, clustered: /0 of 9logged out/ },
  '5.2': { local: /[1-8] of 9logged out/, sticky: /[1-8] of 9logged out/, clustered: /0 of 9logged out/ },
  '6.1': { sticky: /^d 0\s%/, clustered: /^d 2\d\s%/ },
  '6.2': { clustered: /9 of 9found/ },
  '6.3': { clustered: /1 of 9got an error/ },
}

/** What the tour promises beside its words: any order, one thing at a time, and the traffic given back. */
export function tourSuite(shared: () => Shared): void {
  describe('the tour', () => {
    let console: Console
    let view: OpenPage
    beforeAll(async () => {
      ;({ console, view } = await afresh(shared(), '&tour=1.1'))
    })
    afterAll(() => view?.close())
    /** Whoever wants no guess may go on without one. */
    const guess = async () => {
      const skip = view.page.locator('[data-skip]')
      if ((await skip.count()) > 0) await skip.click()
    }

    it('sets the stage first: what was crashed, drained or stopped before comes back, and the step shows what it teaches', async () => {
      const { page } = view
      const { stage } = console
      await Promise.all([...stage.lanes.values()].map((lane) => lane.actOnNode('b', 'crash', {})))
      await stage.lane('sticky').actOnNode('a', 'drain', {})
      await stage.lane('clustered').actOnLane('redis-stop', {})
      await expect.poll(() => view.stateOf('clustered', 'b'), patient).toBe('crashed')
      await expect.poll(() => view.stateOf('sticky', 'a'), patient).toBe('draining')
      await page.evaluate(() => {
        location.hash = '#lang=en&tour=2.1'
      })
      await guess()
      await page.locator('.dock .primary').click()
      await expect.poll(() => page.locator('.say').getAttribute('data-phase'), patient).toBe('revealed')
      for (const [lane, pattern] of Object.entries(truth['2.1'] ?? {}))
        await expect
          .poll(() => page.locator(`.lane[data-lane=${lane}] .verdict`).first().textContent(), patient)
          .toMatch(pattern)
      expect(await view.stateOf('sticky', 'a')).toBe('up')
    }, 200_000)

    it('is as true in any other order: by links, backwards, and a second time', async () => {
      const { page } = view
      for (const lane of console.stage.lanes.values()) await lane.actOnNode('a', 'weight', { weight: 0 })
      await console.stage.lane('local').actOnLane('remove', { node: 'c' })
      console.stage.lane('sticky').on = false
      for (const here of ['5.2', '5.1', '4.1', '1.2', '1.3', '6.3', '2.2', '6.2', '5.1', '3.2']) {
        await page.evaluate((step) => {
          location.hash = `#lang=en&tour=${step}`
        }, here)
        await expect.poll(() => page.locator('.say').getAttribute('data-step'), patient).toBe(here)
        await guess()
        await page.locator('.dock .primary').click()
        await expect.poll(() => page.locator('.say').getAttribute('data-phase'), patient).toBe('revealed')
        // At once: what was there before the step must not show, not even for a moment.
        for (const [lane, pattern] of Object.entries(truth[here] ?? {}))
          expect(
            await page.locator(`.lane[data-lane=${lane}] .verdict`).first().textContent(),
            `${here} ${lane}`,
          ).toMatch(pattern)
        expect(await page.locator('.trouble').allTextContents(), `${here} went wrong`).toEqual([])
      }
    }, 400_000)

    it('does one thing at a time: nobody leaves a step while it is being done', async () => {
      const { page } = view
      await page.evaluate(() => {
        location.hash = '#lang=en&tour=6.1'
      })
      await expect.poll(() => page.locator('.say').getAttribute('data-step'), patient).toBe('6.1')
      await guess()
      await page.locator('.dock .primary').click()
      await expect.poll(() => page.locator('.say').getAttribute('data-phase'), patient).toBe('working')
      await page.keyboard.press('ArrowLeft')
      await page.locator('.dock .steps button').first().click({ force: true })
      await page.locator('.dock .primary').click({ force: true })
      expect(await page.evaluate(() => document.activeElement?.className)).toBe('primary')
      await expect.poll(() => page.locator('.say').getAttribute('data-phase'), patient).toBe('revealed')
      expect(await page.locator('.say').getAttribute('data-step')).toBe('6.1')
    })

    it('holds the traffic still for each step, though another browser let it go, and gives it back at the end', async () => {
      const { page } = view
      const { traffic } = console.stage
      await page.evaluate(() => {
        location.hash = '#lang=en&tour=1.1'
      })
      await expect.poll(() => page.locator('.say').getAttribute('data-step'), patient).toBe('1.1')
      traffic.setClock({ running: true })
      await expect.poll(() => page.locator('.run [data-clock]').getAttribute('data-clock'), patient).toBe('pause')
      await page.locator('.dock .primary').click()
      await expect.poll(() => page.locator('.say').getAttribute('data-phase'), patient).toBe('revealed')
      expect(traffic.clock.running).toBe(false)
      await page.locator('[data-leave]').press('Enter')
      await expect.poll(() => traffic.clock.running, patient).toBe(true)
      traffic.setClock({ running: false })
    })

    it('goes by the browser’s back and forward, and only by steps of the tour: how the page is read stays', async () => {
      const { page } = view
      const entries = () => page.evaluate(() => history.length)
      /** What shows, and the same from the address: step and language. */
      const at = () =>
        page.evaluate(() => {
          const address = new URLSearchParams(location.hash.slice(1))
          const shown = [
            document.querySelector('.say')?.getAttribute('data-step') ?? undefined,
            document.documentElement.lang,
          ]
          return [...shown, address.get('tour') ?? undefined, address.get('lang')]
        })
      await page.evaluate(() => {
        location.hash = '#lang=en&user=Heidi&lane=clustered&drawer=redis'
      })
      await expect.poll(() => page.locator('.who [data-user=Heidi]').getAttribute('aria-pressed'), patient).toBe('true')
      const before = await entries()
      await page.keyboard.press('t')
      await expect.poll(at, patient).toEqual(['1.1', 'en', '1.1', 'en'])
      await page.locator('.dock .steps button').nth(2).click()
      await expect.poll(at, patient).toEqual(['3.1', 'en', '3.1', 'en'])
      expect(await entries()).toBe(before + 2)
      for (const key of ['g', 'd', '3', 'l', 'd']) await page.keyboard.press(key)
      await expect.poll(at, patient).toEqual(['3.1', 'ko', '3.1', 'ko'])
      expect(await entries()).toBe(before + 2)
      await page.keyboard.press('?')
      await page.locator('dialog').waitFor()
      await page.goBack()
      await expect.poll(at, patient).toEqual(['1.1', 'ko', '1.1', 'ko'])
      expect(await page.locator('dialog').count()).toBe(0)
      await page.goBack()
      await expect.poll(at, patient).toEqual([undefined, 'ko', undefined, 'ko'])
      expect(await page.locator('.who [data-user=Heidi]').getAttribute('aria-pressed')).toBe('true')
      expect(await page.locator('.drawer').getAttribute('data-open')).toBe('redis')
      // Two in one moment, to and fro: nothing is written between them, so that the way on is still there.
      for (const by of [2, -2, 2]) {
        await page.evaluate((step) => {
          addEventListener('popstate', () => history.go(step), { once: true })
          history.go(step)
        }, by / 2)
        await expect.poll(at, patient).toEqual(by > 0 ? ['3.1', 'ko', '3.1', 'ko'] : [undefined, 'ko', undefined, 'ko'])
      }
      await page.keyboard.press('g')
      await page.keyboard.press('Escape')
      await expect.poll(at, patient).toEqual([undefined, 'en', undefined, 'en'])
      await page.goBack()
      await expect.poll(at, patient).toEqual(['3.1', 'en', '3.1', 'en'])
    })

    describe('leaving the tour', () => {
      const live = async () => {
        if ((await goes()) === 'false') await view.page.locator('[data-clock=live]').click()
      }
      const still = async () => {
        if ((await goes()) === 'true') await view.page.locator('[data-clock=pause]').click()
      }
      const running = () => console.stage.traffic.clock.running
      const goes = () => view.page.locator('.run [data-clock]').getAttribute('aria-pressed')

      beforeAll(async () => {
        await view.page.evaluate(() => {
          location.hash = '#lang=en'
        })
        await view.page.locator('.say[data-step]').waitFor({ state: 'detached' })
      })

      it.each([
        ['Escape', 'by Escape, even from a guess'],
        ['t', 'by its key'],
      ])('%s: the traffic goes on if it went before, %s', async (key) => {
        const { page } = view
        await live()
        await expect.poll(goes, patient).toBe('true')
        await page.locator('.invite').click()
        await expect.poll(goes, patient).toBe('false')
        expect(running()).toBe(false)
        if (key === 'Escape') {
          await page.evaluate(() => {
            location.hash = '#lang=en&tour=1.2'
          })
          await page.locator('.guess input').first().focus()
        }
        await page.keyboard.press(key)
        await expect.poll(() => page.locator('.say[data-step]').count(), patient).toBe(0)
        await expect.poll(goes, patient).toBe('true')
        expect(running()).toBe(true)
      })

      it('the traffic goes on after a reload in between, too', async () => {
        const { page } = view
        await live()
        await expect.poll(goes, patient).toBe('true')
        await page.keyboard.press('t')
        await expect.poll(goes, patient).toBe('false')
        await page.reload()
        await page.locator('.say[data-step]').waitFor()
        await expect.poll(() => page.locator('.lane .people').count(), patient).toBe(3)
        await page.keyboard.press('Escape')
        // The page that was left and the page that came have both let go.
        await expect.poll(() => console.stage.traffic.clock.pausedBy, patient).toEqual([])
        await expect.poll(goes, patient).toBe('true')
        expect(running()).toBe(true)
      })

      it('the traffic stays at rest if it rested before', async () => {
        const { page } = view
        await still()
        await expect.poll(goes, patient).toBe('false')
        await page.keyboard.press('t')
        await page.locator('.say[data-step]').waitFor()
        await page.keyboard.press('Escape')
        await expect.poll(() => page.locator('.say[data-step]').count(), patient).toBe(0)
        // A call for the clock would have been sent before this one, and answered before it.
        await page.evaluate(async () => (await fetch('/')).status)
        expect(running()).toBe(false)
      })

      it('Escape leaves presenting too, but not while a dialog is open: that closes first', async () => {
        const { page } = view
        await page.keyboard.press('p')
        await page.locator('.presenting').waitFor()
        await page.keyboard.press('?')
        await page.locator('dialog').waitFor()
        await page.keyboard.press('Escape')
        await expect.poll(() => page.locator('dialog').count(), patient).toBe(0)
        expect(await page.locator('.presenting').count()).toBe(1)
        await page.keyboard.press('Escape')
        await expect.poll(() => page.locator('.presenting').count(), patient).toBe(0)
        expect(view.complaints).toEqual([])
      })
    })
  })
}
