import { hasAffinity, isShared, lessons, modes } from '@session-cluster/contract'
import type { LaneId } from '../../../wire/record.ts'
import { calls } from '../model/calls.ts'
import type { Drawer } from '../model/link.ts'
import type { PageState } from '../model/state.ts'
import { type Guide, settle } from './moves.ts'

/** One step: a sentence, perhaps a question, and a real action. */
export interface Step {
  /** The i18n key of its sentence; its answers, if any, and `.reveal` follow it. `sayIn` tells how they differ by lane. */
  readonly key: string
  /** What it is about where the three lanes are not side by side: the first of these that is there. With none of them it is left out. */
  readonly about: readonly LaneId[]
  /** The answers that are offered. */
  readonly answers?: readonly string[]
  /** Under which lanes one guesses. @default those that it is about */
  readonly asks?: readonly LaneId[]
  /** The answer that is right in a lane. */
  right?(lane: LaneId): string
  readonly drawer?: Drawer
  readonly lane?: LaneId
  /** What a lane's head shows once it is done: the user's outcome, the last ten, a server's share, or who answered. @default as always */
  readonly shows?: 'outcome' | 'ten' | 'share' | 'answering'
  /** The server whose share it is about. */
  readonly node?: string
  /** Whom the picture points at: the one user, or those who live on b. @default everybody */
  readonly points?: 'user' | 'b'
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

/** Where the tour is that was asked for; what is left out here leads to what comes after it. */
export function stopAt(stops: readonly Stop[], { chapter, step }: { chapter: number; step: number }): number {
  const after = stops.findIndex((stop) => stop.chapter > chapter || (stop.chapter === chapter && stop.step >= step))
  if (after >= 0 && stops[after]?.chapter === chapter) return after
  const last = stops.findLastIndex((stop) => stop.chapter === chapter)
  return last >= 0 ? last : after >= 0 ? after : stops.length - 1
}

/** The lane that a step is about; `undefined` where the three are side by side, and it compares them. */
export function laneOf({ about }: Step, lanes: readonly LaneId[]): LaneId | undefined {
  return lessons.every((mode) => lanes.includes(mode)) ? undefined : about.find((lane) => lanes.includes(lane))
}

/** The key of what is said where a step is about this lane: its own, or that of any one lane, or that of the three together. */
export function sayIn(key: string, lane: LaneId | undefined, has: (key: string) => boolean): string {
  if (lane === undefined) return key
  return [`${key}@${lane}`, `${key}@one`].find(has) ?? key
}

/** Under which of the lanes that are there one guesses. */
export function asked(step: Step, lanes: readonly LaneId[]): readonly LaneId[] {
  if (!step.answers) return []
  return (step.asks ?? step.about)
    .filter((lane) => lanes.includes(lane))
    .toSorted((a, b) => lanes.indexOf(a) - lanes.indexOf(b))
}

/** Whether one guess is for all lanes: where it is the same in each of them, nobody is asked three times. */
export const asksOnce = (step: Step, lanes: readonly LaneId[]): boolean =>
  new Set(asked(step, lanes).map((lane) => step.right?.(lane))).size === 1

const all = modes
const yesOrNo = ['yes', 'no'] as const

/** A lane whose sessions are in Redis. */
const inRedis = (state: PageState): LaneId => state.lanes.find(({ redis }) => redis)?.id ?? 'clustered'

const first = (state: PageState): string => state.users[0]?.name ?? 'Alice'

/** Who lives on b: where users are sent back to a server, or else in the first lane. */
export function livesOnB(state: PageState): string[] {
  const lane = state.lanes.find(({ mode }) => hasAffinity(mode)) ?? state.lanes[0]
  if (lane && isShared(lane.mode)) return [...(lane.nodes.find(({ name }) => name === 'b')?.pinned ?? [])]
  return lane ? state.users.filter((user) => user.lanes[lane.id]?.home === 'b').map(({ name }) => name) : []
}

/** Somebody whom b's crash will hurt. */
function victim(state: PageState): string {
  const there = livesOnB(state)
  return there.find((name) => name === 'Erin') ?? there[0] ?? first(state)
}

export const chapters: readonly Chapter[] = [
  {
    key: 'tour.1',
    user: first,
    steps: [
      {
        key: 'tour.1.1',
        about: all,
        lane: 'local',
        points: 'user',
        shows: 'outcome',
        run: async ({ user, act }) => void (await act(user, 'login', { via: 'a' })),
      },
      {
        key: 'tour.1.2',
        about: all,
        right: () => 'yes',
        after: true,
        answers: yesOrNo,
        lane: 'local',
        points: 'user',
        shows: 'outcome',
        run: async ({ user, act }) => void (await act(user, 'open', { via: 'a' })),
      },
      {
        key: 'tour.1.3',
        about: all,
        right: () => 'no',
        answers: yesOrNo,
        lane: 'local',
        points: 'user',
        shows: 'outcome',
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
        about: all,
        right: (lane) => (isShared(lane) ? 'yes' : 'no'),
        answers: yesOrNo,
        lane: 'local',
        points: 'user',
        shows: 'outcome',
        async run({ user, act }) {
          await act(user, 'login', { via: 'a' })
          await act(user, 'open', { via: 'b' })
        },
      },
      {
        key: 'tour.2.2',
        about: ['local', 'clustered'],
        right: (lane) => (isShared(lane) ? 'always' : 'turns'),
        after: true,
        answers: ['always', 'turns', 'never'],
        lane: 'local',
        points: 'user',
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
        about: ['sticky', 'hybrid'],
        lane: 'sticky',
        run: async ({ act }) => void (await act('all', 'login')),
      },
      {
        key: 'tour.3.2',
        about: ['sticky', 'hybrid'],
        right: () => 'one',
        after: true,
        answers: ['one', 'three'],
        lane: 'sticky',
        points: 'user',
        shows: 'answering',
        run: async ({ user, act }) => void (await act(user, 'open', { times: 10 })),
      },
    ],
  },
  {
    key: 'tour.4',
    user: victim,
    steps: [
      {
        key: 'tour.4.1',
        about: ['sticky', 'hybrid'],
        right: () => 'all',
        answers: ['third', 'half', 'all'],
        lane: 'sticky',
        points: 'b',
        shows: 'share',
        node: 'b',
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
    user: victim,
    steps: [
      {
        key: 'tour.5.1',
        about: ['sticky', 'local', 'clustered', 'hybrid'],
        right: (lane) => (isShared(lane) ? 'nobody' : 'theirs'),
        answers: ['nobody', 'theirs', 'everybody'],
        lane: 'sticky',
        points: 'b',
        async run(guide) {
          await settle(guide, guide.user)
          await calls.node('all', 'b', 'crash')
          // Everybody asks for something: whoever has lost the session notices it now. The one whom it is about comes last.
          await guide.act('all', 'open')
          await guide.act(guide.user, 'open')
        },
      },
      {
        key: 'tour.5.2',
        about: ['sticky', 'local'],
        right: () => 'no',
        after: true,
        answers: yesOrNo,
        lane: 'sticky',
        points: 'b',
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
        about: ['clustered', 'hybrid'],
        asks: all,
        right: (lane) => (hasAffinity(lane) ? 'idle' : isShared(lane) ? 'share' : 'misses'),
        answers: ['share', 'idle', 'misses'],
        lane: 'clustered',
        shows: 'share',
        node: 'd',
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
        about: ['clustered', 'hybrid'],
        right: () => 'none',
        after: true,
        answers: ['none', 'some'],
        lane: 'clustered',
        async run({ user, act }) {
          await calls.lane('all', 'remove', { node: 'd' })
          await act('all', 'open')
          await act(user, 'open')
        },
      },
      {
        key: 'tour.6.3',
        // A server that has the session in memory answers for a while yet.
        about: ['clustered'],
        right: () => 'error',
        undo: () => calls.lane('clustered', 'redis-thaw'),
        answers: ['out', 'error', 'hang'],
        lane: 'clustered',
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
        about: ['clustered', 'hybrid'],
        drawer: 'redis',
        lane: 'clustered',
        points: 'user',
        run: async ({ user, act }) => void (await act(user, 'login')),
      },
      {
        key: 'tour.7.2',
        about: ['clustered', 'hybrid'],
        right: () => 'plain',
        answers: ['same', 'plain', 'refused'],
        drawer: 'redis',
        lane: 'clustered',
        points: 'user',
        run: async ({ tried, state }) => tried(await calls.codec(inRedis(state()), 'raw-json', 'class')),
      },
      {
        key: 'tour.7.3',
        about: ['clustered', 'hybrid'],
        right: () => 'same',
        answers: ['same', 'plain'],
        drawer: 'redis',
        lane: 'clustered',
        points: 'user',
        run: async ({ tried, state }) => tried(await calls.codec(inRedis(state()), 'registry', 'class')),
      },
    ],
  },
]
