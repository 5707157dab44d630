import { modes } from '@session-cluster/contract'
import type { LaneId } from '../../wire/record.ts'
import { calls } from './calls.ts'
import { lastTrial } from './codec-card.tsx'
import type { Tab } from './link.ts'
import type { PageState } from './state.ts'
import { type Guide, settle } from './tour-moves.ts'

/** One step: a sentence, perhaps a question, and a real action. */
export interface Step {
  /** The i18n key of its sentence; its answers, if any, and `.reveal` follow it. `sayIn` tells how they differ by lane. */
  readonly key: string
  /** What it is about where the three lanes are not side by side: the first of these that is there. With none of them it is left out. */
  readonly about: readonly LaneId[]
  /** The answers where the three lanes are compared. */
  readonly answers?: readonly string[]
  /** The answers where it is about one lane. @default as where they are compared */
  readonly answersInOne?: readonly string[]
  /** The answer that is right; `lane` is the one it is about, or `undefined` where the three are compared. */
  right?(lane: LaneId | undefined): string
  readonly tab?: Tab
  readonly lane?: LaneId
  /** What the reveal shows: the user's mark lane by lane, the last ten marks, the nodes' share, the codec's trial, or only words. */
  readonly shows?: 'outcomes' | 'ten' | 'share' | 'codec' | 'answering'
  /** It goes on where the step before it ended: whoever comes from elsewhere has that one done first. */
  readonly after?: true
  run(guide: Guide): Promise<void>
  /** Undoes what stays stopped until the learner has seen it; done when the step is left. */
  undo?(): Promise<unknown>
}

/** Seven chapters, in the tutorial's order. */
export interface Chapter {
  readonly key: string
  readonly steps: readonly Step[]
  /** Whom it is about. */
  user(state: PageState): string
}

/** A step where it stands in the tour. Chapters and steps keep their numbers wherever others are left out. */
export interface Stop {
  readonly chapter: number
  readonly step: number
  readonly of: Chapter
  readonly what: Step
}

/** The steps that are true with these lanes, in their order; all of them while no lane is known. */
export function stopsWith(lanes: readonly LaneId[]): readonly Stop[] {
  return chapters.flatMap((of, chapter) =>
    of.steps
      .map((what, step): Stop => ({ chapter: chapter + 1, step: step + 1, of, what }))
      .filter(({ what }) => lanes.length === 0 || what.about.some((lane) => lanes.includes(lane))),
  )
}

/** The lane that a step is about; `undefined` where the three are side by side, and it compares them. */
export function laneOf({ about }: Step, lanes: readonly LaneId[]): LaneId | undefined {
  return modes.every((mode) => lanes.includes(mode)) ? undefined : about.find((lane) => lanes.includes(lane))
}

/** The key of what is said where a step is about this lane: its own, or that of any one lane, or that of the three together. */
export function sayIn(key: string, lane: LaneId | undefined, has: (key: string) => boolean): string {
  if (lane === undefined) return key
  return [`${key}@${lane}`, `${key}@one`].find(has) ?? key
}

/** A step's answers, in the order in which they are offered. */
export const answersOf = (step: Step, lane: LaneId | undefined): readonly string[] | undefined =>
  (lane === undefined ? undefined : step.answersInOne) ?? step.answers

const any = modes
const yesOrNo = ['yes', 'no'] as const

const first = (state: PageState): string => state.users[0]?.name ?? 'Alice'

/** Somebody who lives on b in the sticky lane: the one whom its crash will hurt. */
function livesOnB(state: PageState): string {
  const lane = state.lanes.find(({ id }) => id === 'sticky') ?? state.lanes[0]
  const there = lane && state.users.filter((user) => (user.lanes[lane.id]?.home ?? '') === 'b')
  return there?.find(({ name }) => name === 'Erin')?.name ?? there?.[0]?.name ?? first(state)
}

export const chapters: readonly Chapter[] = [
  {
    key: 'tour.1',
    user: first,
    steps: [
      {
        key: 'tour.1.1',
        about: any,
        tab: 'cookie',
        lane: 'local',
        run: async ({ user, act }) => void (await act(user, 'login', { via: 'a' })),
      },
      {
        key: 'tour.1.2',
        about: any,
        right: () => 'yes',
        after: true,
        answers: ['yes', 'no'],
        tab: 'why',
        lane: 'local',
        shows: 'outcomes',
        run: async ({ user, act }) => void (await act(user, 'open', { via: 'a' })),
      },
      {
        key: 'tour.1.3',
        about: any,
        right: () => 'no',
        answers: ['yes', 'no'],
        tab: 'why',
        lane: 'local',
        shows: 'outcomes',
        run: async ({ user, act }) => void (await act(user, 'forget', { via: 'a' })),
      },
    ],
  },
  {
    key: 'tour.2',
    user: first,
    steps: [
      {
        key: 'tour.2.1',
        about: any,
        answersInOne: yesOrNo,
        right: (lane) => (lane === undefined ? 'clustered' : lane === 'clustered' ? 'yes' : 'no'),
        answers: ['all', 'clustered', 'none'],
        tab: 'why',
        lane: 'local',
        shows: 'outcomes',
        async run({ user, act }) {
          await act(user, 'login', { via: 'a' })
          await act(user, 'open', { via: 'b' })
        },
      },
      {
        key: 'tour.2.2',
        about: ['local', 'clustered'],
        right: (lane) => (lane === 'clustered' ? 'always' : 'turns'),
        after: true,
        answers: ['always', 'turns', 'never'],
        tab: 'why',
        lane: 'local',
        shows: 'ten',
        run: async ({ user, act }) => void (await act(user, 'open', { times: 10 })),
      },
    ],
  },
  {
    key: 'tour.3',
    user: first,
    steps: [
      {
        key: 'tour.3.1',
        about: ['sticky'],
        tab: 'cookie',
        lane: 'sticky',
        run: async ({ act }) => void (await act('all', 'login')),
      },
      {
        key: 'tour.3.2',
        about: ['sticky'],
        right: () => 'one',
        after: true,
        answers: ['one', 'three'],
        tab: 'why',
        lane: 'sticky',
        shows: 'answering',
        run: async ({ user, act }) => void (await act(user, 'open', { times: 10 })),
      },
    ],
  },
  {
    key: 'tour.4',
    user: livesOnB,
    steps: [
      {
        key: 'tour.4.1',
        about: ['sticky'],
        right: () => 'all',
        answers: ['third', 'half', 'all'],
        lane: 'sticky',
        shows: 'share',
        async run(guide) {
          const homes = await settle(guide)
          const onB = [...homes].filter(([, node]) => node === 'b').map(([name]) => name)
          await calls.active(onB)
          const times = Math.ceil(60 / Math.max(1, onB.length))
          for (const user of onB) await guide.act(user, 'open', { times: Math.min(20, times) })
        },
      },
    ],
  },
  {
    key: 'tour.5',
    user: livesOnB,
    steps: [
      {
        key: 'tour.5.1',
        about: ['sticky', 'local', 'clustered'],
        answersInOne: yesOrNo,
        right: (lane) => (lane === undefined ? 'clustered' : lane === 'clustered' ? 'yes' : 'no'),
        answers: ['sticky', 'clustered', 'none'],
        tab: 'why',
        lane: 'sticky',
        shows: 'outcomes',
        async run(guide) {
          await settle(guide, guide.user)
          await calls.node('all', 'b', 'crash')
          await guide.act(guide.user, 'open')
        },
      },
      {
        key: 'tour.5.2',
        about: ['sticky', 'local'],
        right: () => 'no',
        after: true,
        answers: ['yes', 'no'],
        tab: 'why',
        lane: 'sticky',
        shows: 'outcomes',
        run: async ({ user, act }) => void (await act(user, 'open')),
      },
    ],
  },
  {
    key: 'tour.6',
    user: first,
    steps: [
      {
        key: 'tour.6.1',
        about: ['clustered'],
        answersInOne: yesOrNo,
        right: (lane) => (lane === undefined ? 'clustered' : 'yes'),
        answers: ['all', 'clustered', 'sticky'],
        lane: 'clustered',
        shows: 'share',
        async run(guide) {
          await settle(guide)
          const without = guide.state().lanes.filter(({ nodes }) => !nodes.some(({ name }) => name === 'd'))
          let added = false
          const adding = Promise.all(without.map(({ id }) => calls.lane(id, 'add'))).finally(() => {
            added = true
          })
          // Everybody goes on meanwhile, and afterwards for long enough that what d does now is what the last 60 requests show.
          while (!added) await guide.act('all', 'open')
          await adding
          await guide.act('all', 'open', { times: 7 })
        },
      },
      {
        key: 'tour.6.2',
        about: ['clustered'],
        right: () => 'none',
        after: true,
        answers: ['none', 'some'],
        lane: 'clustered',
        shows: 'outcomes',
        async run({ user, act }) {
          await calls.lane('all', 'remove', { node: 'd' })
          await act('all', 'open')
          await act(user, 'open')
        },
      },
      {
        key: 'tour.6.3',
        about: ['clustered'],
        right: () => 'error',
        undo: () => calls.lane('clustered', 'redis-thaw'),
        answers: ['out', 'error', 'hang'],
        tab: 'why',
        lane: 'clustered',
        shows: 'outcomes',
        async run({ user, act, state }) {
          const here = state().users.find(({ name }) => name === user)?.lanes.clustered
          if (here?.session !== 'kept') await act(user, 'login')
          await calls.lane('clustered', 'redis-freeze')
          await act(user, 'open')
        },
      },
    ],
  },
  {
    key: 'tour.7',
    user: first,
    steps: [
      {
        key: 'tour.7.1',
        about: ['clustered'],
        tab: 'redis',
        lane: 'clustered',
        run: async ({ user, act }) => void (await act(user, 'login')),
      },
      {
        key: 'tour.7.2',
        about: ['clustered'],
        right: () => 'plain',
        answers: ['same', 'plain', 'refused'],
        tab: 'redis',
        lane: 'clustered',
        shows: 'codec',
        run: async () => lastTrial.set(await calls.codec('raw-json', 'class')),
      },
      {
        key: 'tour.7.3',
        about: ['clustered'],
        right: () => 'same',
        answers: ['same', 'plain'],
        tab: 'redis',
        lane: 'clustered',
        shows: 'codec',
        run: async () => lastTrial.set(await calls.codec('registry', 'class')),
      },
    ],
  },
]
