import { globSync, readFileSync } from 'node:fs'
import { lessons, modes } from '@session-cluster/contract'
import { describe, expect, it } from 'vitest'
import { laneActions, nodeActions } from '../../../wire/frame.ts'
import { asked, laneOf, sayIn, stopsWith } from '../tour/script.ts'
import { languages, preferredLanguage, sentences, translator } from './translate.ts'

const slots = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).toSorted()
const source = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

describe('the sentences', () => {
  it.each(languages)('are all there in %s, and none is empty by mistake', (lang) => {
    expect(Object.keys(sentences[lang]).toSorted()).toEqual(Object.keys(sentences.en).toSorted())
    const empty = Object.entries(sentences[lang]).filter(([key, text]) => text.trim() === '' && key !== 'why.raw.note')
    expect(empty).toEqual([])
  })

  it('fill in the same things in every language', () => {
    const differing = Object.keys(sentences.en).filter(
      (key) =>
        JSON.stringify([...new Set(slots(sentences.en[key] ?? ''))]) !==
        JSON.stringify([...new Set(slots(sentences.ko[key] ?? ''))]),
    )
    expect(differing).toEqual([])
  })

  it('are translated, not copied: Korean has Hangul wherever there are words to translate', () => {
    const same = [
      'codec.',
      'sample.date',
      'sample.map',
      'tab.redis',
      'nodes.latency',
      'nodes.answers',
      'session.id',
      'drawer.redis',
      'tour.7.3.same',
      'why.cookie.sent',
      'why.raw',
      'why.title',
    ]
    const words = (text: string) => text.replace(/\{\w+\}/g, '').match(/[a-zA-Z]{3,}/)
    const copied = Object.keys(sentences.en).filter(
      (key) =>
        words(sentences.en[key] ?? '') &&
        !/[가-힣]/.test(sentences.ko[key] ?? '') &&
        !same.some((prefix) => key.startsWith(prefix)),
    )
    expect(copied).toEqual([])
  })

  it('never put a Korean particle right after something that is filled in', () => {
    const loose = Object.entries(sentences.ko).filter(([, text]) =>
      /\}(은|는|이|가|을|를|과|와|으로|로)(?![가-힣])/.test(text),
    )
    expect(loose).toEqual([])
  })

  it('cover every key that the server sends', () => {
    const t = translator('en')
    const whyKeys = [...source('../../../server/why.ts').matchAll(/key: '([\w.]+)'/g)].map(([, key]) => key as string)
    const states = ['down', 'ejected', 'draining', 'maintenance', 'leaving', 'full'].map((state) => `state.${state}`)
    const picks = ['picked', 'repicked', 'retried'].map((how) => `pick.${how}`)
    const stores = ['memory.found', 'memory.missing', 'redis.found', 'redis.missing']
    const sessions = ['expired', 'malformed', 'failed'].map((outcome) => `session.${outcome}`)
    const failures = ['timeout', 'refused', 'broken'].map((reason) => `failure.${reason}`)
    const met = ['refused', 'unreachable', 'died'].map((how) => `met.${how}`)
    const why = [...met, ...whyKeys, ...states, ...picks, ...stores, ...sessions, ...failures]
    expect(whyKeys.length).toBeGreaterThan(10)
    expect(why.flatMap((key) => [`why.${key}`, `why.${key}.note`]).filter((key) => !t.has(key))).toEqual([])
  })

  it('cover every action, its consequence in every mode, and every notice', () => {
    const t = translator('ko')
    const wanted = [
      ...[...nodeActions, ...laneActions].map((action) => `do.${action}`),
      ...nodeActions.map((action) => `notice.node.${action}`),
      ...laneActions.flatMap((action) => [`notice.lane.${action}`, `notice.lane.${action}.done`, `busy.${action}`]),
      ...modes.flatMap((mode) => [`mode.${mode}`, `consequence.add.${mode}`, `lane.note.${mode}`]),
      ...['up', 'down', 'ejected', 'draining', 'maintenance', 'leaving', 'added', 'removed'].map(
        (state) => `notice.upstream.${state}`,
      ),
    ]
    expect(wanted.filter((key) => !t.has(key))).toEqual([])
  })
})

describe('the tour', () => {
  const sets = [
    [...lessons],
    [...modes],
    ...modes.map((mode) => [mode]),
    ['local', 'clustered'],
    ['sticky', 'clustered'],
    ['clustered', 'hybrid'],
  ] as const

  it.each(sets.map((lanes) => [lanes.join(' + '), lanes] as const))(
    'has words for each of its steps with %s',
    (_, lanes) => {
      const stops = stopsWith(lanes)
      expect(stops.length).toBeGreaterThan(3)
      for (const lang of languages) {
        const t = translator(lang)
        for (const { what } of stops) {
          const lane = laneOf(what, lanes)
          const said = [sayIn(what.key, lane, t.has), sayIn(`${what.key}.reveal`, lane, t.has)]
          const wanted = [...said, `${what.key}.do`, ...(what.answers ?? []).map((answer) => `${what.key}.${answer}`)]
          expect(wanted.filter((key) => !t.has(key))).toEqual([])
          // Under each lane that is asked about, one of the answers is right.
          for (const one of asked(what, lanes)) expect(what.answers).toContain(what.right?.(one))
          if (what.answers) expect(asked(what, lanes).length).toBeGreaterThan(0)
          // Nothing is said of a lane that is not here.
          const absent = modes.filter((mode) => !(lanes as readonly string[]).includes(mode))
          const words = said.map((key) => t.any(key).toLowerCase()).join(' ')
          if (lane !== undefined && lanes.length === 1)
            expect(
              absent.filter((mode) => words.includes(t(`mode.${mode}`).toLowerCase())),
              what.key,
            ).toEqual([])
        }
      }
    },
  )
})

describe('the list of sentences', () => {
  it('holds none that nothing says any more', () => {
    const root = new URL('../../..', import.meta.url)
    const code = globSync(['web/src/**/*.{ts,tsx}', 'server/*.ts'], { cwd: root })
      .filter((file) => !/i18n|\.test\./.test(file))
      .map((file) => readFileSync(new URL(file, root), 'utf8'))
      .join('\n')
    const beginnings = [...code.matchAll(/`((?:[a-z][\w-]*\.)+)\$\{/g)].map(([, beginning]) => beginning as string)
    const unsaid = Object.keys(sentences.en).filter(
      (key) =>
        !key.startsWith('tour.') &&
        !code.includes(`'${key}'`) &&
        !beginnings.some((beginning) => key.startsWith(beginning)),
    )
    expect(beginnings.length).toBeGreaterThan(10)
    expect(unsaid).toEqual([])
  })
})

describe('translator', () => {
  it('fills in, and leaves what it has nothing for', () => {
    expect(translator('en')('clock.rate.value', { n: 3 })).toBe('3 a second')
    expect(translator('en')('clock.rate.value')).toBe('{n} a second')
    expect(translator('ko').any('no.such.key')).toBe('no.such.key')
  })

  it('chooses the first language that it has', () => {
    expect(preferredLanguage(['fr', 'ko-KR', 'en'])).toBe('ko')
    expect(preferredLanguage(['de'])).toBe('en')
  })
})
