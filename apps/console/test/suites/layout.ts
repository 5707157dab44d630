import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { languages } from '../../web/src/i18n/translate.ts'
import { drawers, themes } from '../../web/src/model/link.ts'
import { type OpenPage, openPage } from '../browser.ts'
import type { Shared } from '../shared.ts'
import { misplaced } from './boxes.ts'

const patient = { timeout: 60_000, interval: 100 }
/** From a telephone to a wall, with what lies between; the second is a projector. */
const sizes = [
  [390, 844],
  [1280, 720],
  [1440, 900],
  [1920, 1080],
] as const
const between = [
  [600, 900],
  [720, 900],
  [820, 900],
  [1024, 768],
  [1220, 800],
] as const
/** Set to keep what was looked at. */
const keep = process.env.SCREENSHOTS

/** Nothing overflows, nothing overlaps, at any size, in any language, in any view. */
export function layoutSuite(shared: () => Shared): void {
  describe('where things are', () => {
    let view: OpenPage
    beforeAll(async () => {
      const { console, browser } = shared()
      const { stage } = console
      await stage.reset()
      // The page at its fullest: a dead node, one that drains, four of them, losses, misses, long names.
      await Promise.all([...stage.lanes.values()].map((lane) => lane.actOnLane('add', {})))
      await Promise.all([...stage.lanes.values()].map((lane) => lane.actOnNode('b', 'crash', {})))
      await Promise.all([...stage.lanes.values()].map((lane) => lane.actOnNode('a', 'drain', {})))
      for (let turn = 0; turn < 3; turn++)
        for (const name of stage.traffic.names) await stage.traffic.everywhere(name, 'open')
      const stands = (node: string, state: string) =>
        stage.laneViews().every(({ nodes }) => nodes.find(({ name }) => name === node)?.state === state)
      await vi.waitUntil(() => stands('b', 'down') && stands('a', 'draining'), patient)
      view = await openPage(browser, console.url)
    })
    afterAll(() => view?.close())

    const show = async (hash: string, lang: string, theme: string) => {
      await view.page.evaluate((to) => {
        location.hash = to
      }, `#lang=${lang}&theme=${theme}${hash}`)
      await view.page.waitForFunction(
        (want) => document.documentElement.lang === want.lang && document.documentElement.dataset.theme === want.theme,
        { lang, theme },
      )
      // Drawn with the letters and the room that it has now.
      await laidOut()
      await view.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
    }
    /** The picture is laid out for the room that it has now. */
    const laidOut = () =>
      view.page.waitForFunction(() => {
        const [stage, svg] = [document.querySelector<HTMLElement>('.stage'), document.querySelector('.stage svg')]
        const [w, h] = [Number(svg?.getAttribute('width')), Number(svg?.getAttribute('height'))]
        return stage !== null && Math.abs(stage.offsetWidth - 2 - w) < 2 && Math.abs(stage.offsetHeight - 2 - h) < 2
      })
    const picture = async (name: string) => {
      if (!keep) return
      mkdirSync(keep, { recursive: true })
      await view.page.screenshot({ path: join(keep, `${name}.png`) })
    }
    const resize = async ([width, height]: readonly [number, number]) => {
      await view.page.setViewportSize({ width, height })
      await laidOut()
    }

    const places: Readonly<Record<string, string>> = {
      page: '&user=Bob',
      'tour-asked': '&tour=5.1',
      'tour-three': '&tour=2.2',
      present: '&present=1&tour=6.1',
      ...Object.fromEntries(drawers.map((name) => [name, `&drawer=${name}&user=Alice`])),
    }

    it.each(sizes.flatMap((size) => languages.map((lang) => [...size, lang] as const)))(
      'at %i × %i in %s nothing overflows or overlaps, in any view, in either theme',
      async (width, height, lang) => {
        await resize([width, height])
        // The themes differ in colours alone: one view is looked at in both, the others in one, unless pictures are kept.
        for (const theme of themes)
          for (const [name, hash] of Object.entries(places)) {
            if (!keep && theme === 'dark' && name !== 'page') continue
            await show(hash, lang, theme)
            expect(await misplaced(view.page), name).toEqual([])
            await picture(`${name}-${width}-${lang}-${theme}`)
          }
      },
      60_000,
    )

    it.each(between)('at %i × %i, between the sizes that are drawn, nothing does either', async (width, height) => {
      await resize([width, height])
      for (const name of ['page', 'tour-three', 'why']) {
        await show(places[name] ?? '', 'ko', 'light')
        expect(await misplaced(view.page), name).toEqual([])
        await picture(`${name}-${width}-ko-light`)
      }
    })

    it.each(languages)('nor does anything in a dialog (%s)', async (lang) => {
      const dialogs: Readonly<Record<string, (page: Page) => Promise<void>>> = {
        keys: (page) => page.keyboard.press('?'),
        add: (page) => page.keyboard.press('a'),
        crash: (page) => page.keyboard.press('b'),
        node: (page) => page.locator('.lane[data-lane=sticky] [data-server=a] .reach').press('Enter'),
      }
      for (const size of [sizes[0], sizes[2]]) {
        await resize(size)
        await show('', lang, 'light')
        for (const [name, open] of Object.entries(dialogs)) {
          await open(view.page)
          await view.page.locator('dialog').waitFor()
          expect(await misplaced(view.page), `dialog ${name}`).toEqual([])
          await picture(`dialog-${name}-${size[0]}-${lang}`)
          await view.page.keyboard.press('Escape')
          await expect.poll(() => view.page.locator('dialog').count(), patient).toBe(0)
        }
      }
    })

    it('changes no height while the tour goes: what is looked at stays where it is', async () => {
      await resize(sizes[2])
      const tops = async () =>
        view.page.evaluate(() =>
          ['.say', '.stage', '.dock', '.rail'].map((one) =>
            Math.round(document.querySelector(one)?.getBoundingClientRect().top ?? 0),
          ),
        )
      await show('', 'en', 'light')
      const free = await tops()
      for (const step of ['1.1', '2.1', '2.2', '4.1', '5.1', '6.3']) {
        await show(`&tour=${step}`, 'ko', 'light')
        expect(await tops(), step).toEqual(free)
      }
      // The picture is most of the page.
      const share = await view.page.evaluate(
        () => (document.querySelector('.stage')?.getBoundingClientRect().height ?? 0) / innerHeight,
      )
      expect(share).toBeGreaterThan(0.65)
    })

    it('shows a class at 1280 × 720 nothing smaller than 19 px but a basket’s letter and a key cap', async () => {
      await resize(sizes[1])
      await show('&present=1&tour=5.1', 'ko', 'light')
      const small = await view.page.evaluate(() =>
        [...document.querySelectorAll('.say *, .stage text, .dock *')]
          .filter(
            (one) =>
              one.getClientRects().length > 0 &&
              [...one.childNodes].some((node) => node.nodeType === 3 && node.nodeValue?.trim()),
          )
          .filter((one) => !one.closest('kbd, .basket, .token'))
          .map((one) => [Number.parseFloat(getComputedStyle(one).fontSize), one.textContent] as const)
          .filter(([size]) => size < 19),
      )
      expect(small).toEqual([])
    })

    it('would notice: a text that is pushed out of its box, a word that is broken, and a part that lies on another', async () => {
      await resize(sizes[2])
      await show('', 'en', 'light')
      const style = await view.page.addStyleTag({
        content:
          '.primary{width:60px}.server .name{font-size:90px}.eyebrow,.say h1{width:20px;overflow-wrap:anywhere}.dock{margin-top:-200px}',
      })
      const faults = await misplaced(view.page)
      expect(faults.some((fault) => fault.includes('button.primary'))).toBe(true)
      expect(faults.some((fault) => fault.includes('in the picture'))).toBe(true)
      expect(faults.some((fault) => fault.includes('is broken in h1'))).toBe(true)
      expect(faults.some((fault) => fault.includes('section.dock'))).toBe(true)
      await style.evaluate((element) => (element as HTMLElement).remove())
    })
  })
}
