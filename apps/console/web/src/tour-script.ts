import type { LaneId } from '../../wire/record.ts'
import { calls } from './calls.ts'
import { lastTrial } from './codec-card.tsx'
import type { Tab } from './link.ts'
import type { PageState } from './state.ts'
import { type Guide, settle } from './tour-moves.ts'

/** One step: a sentence, perhaps a question, and a real action. */
export interface Step {
  /** The i18n key of its sentence; its answers, if any, and `.reveal` follow it. */
  readonly key: string
  readonly answers?: readonly string[]
  readonly tab?: Tab
  readonly lane?: LaneId
  /** What the reveal shows: the users' marks lane by lane, the nodes' share, the codec's trial, or only words. */
  readonly shows?: 'outcomes' | 'share' | 'codec' | 'answering'
  run(guide: Guide): Promise<void>
}

/** Seven chapters, in the tutorial's order. */
export interface Chapter {
  readonly key: string
  readonly needs?: LaneId
  readonly steps: readonly Step[]
  /** Whom it is about. */
  user(state: PageState): string
}

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
        tab: 'cookie',
        lane: 'local',
        run: async ({ user }) => void (await calls.act(user, 'login', { via: 'a' })),
      },
      {
        key: 'tour.1.2',
        answers: ['yes', 'no'],
        tab: 'why',
        lane: 'local',
        shows: 'outcomes',
        run: async ({ user }) => void (await calls.act(user, 'open', { via: 'a' })),
      },
      {
        key: 'tour.1.3',
        answers: ['yes', 'no'],
        tab: 'why',
        lane: 'local',
        shows: 'outcomes',
        run: async ({ user }) => void (await calls.act(user, 'forget', { via: 'a' })),
      },
    ],
  },
  {
    key: 'tour.2',
    user: first,
    steps: [
      {
        key: 'tour.2.1',
        answers: ['all', 'clustered', 'none'],
        tab: 'why',
        lane: 'local',
        shows: 'outcomes',
        async run({ user }) {
          await calls.act(user, 'login', { via: 'a' })
          await calls.act(user, 'open', { via: 'b' })
        },
      },
      {
        key: 'tour.2.2',
        answers: ['always', 'turns', 'never'],
        tab: 'why',
        lane: 'local',
        shows: 'outcomes',
        run: async ({ user }) => void (await calls.act(user, 'open', { times: 10 })),
      },
    ],
  },
  {
    key: 'tour.3',
    needs: 'sticky',
    user: first,
    steps: [
      { key: 'tour.3.1', tab: 'cookie', lane: 'sticky', run: async () => void (await calls.act('all', 'login')) },
      {
        key: 'tour.3.2',
        answers: ['one', 'three'],
        tab: 'why',
        lane: 'sticky',
        shows: 'answering',
        run: async ({ user }) => void (await calls.act(user, 'open', { times: 10 })),
      },
    ],
  },
  {
    key: 'tour.4',
    needs: 'sticky',
    user: livesOnB,
    steps: [
      {
        key: 'tour.4.1',
        answers: ['third', 'half', 'all'],
        lane: 'sticky',
        shows: 'share',
        async run(guide) {
          const onB = guide
            .state()
            .users.filter(({ lanes }) => lanes.sticky?.pinned === 'b')
            .map(({ name }) => name)
          await calls.active(onB)
          const times = Math.ceil(60 / Math.max(1, onB.length))
          for (const user of onB) await calls.act(user, 'open', { times: Math.min(20, times) })
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
        answers: ['sticky', 'clustered', 'none'],
        tab: 'why',
        lane: 'sticky',
        shows: 'outcomes',
        async run(guide) {
          await settle(guide)
          await calls.node('all', 'b', 'crash')
          await calls.act(guide.user, 'open')
        },
      },
      {
        key: 'tour.5.2',
        answers: ['yes', 'no'],
        tab: 'why',
        lane: 'sticky',
        shows: 'outcomes',
        async run(guide) {
          await calls.act(guide.user, 'open')
        },
      },
    ],
  },
  {
    key: 'tour.6',
    needs: 'clustered',
    user: first,
    steps: [
      {
        key: 'tour.6.1',
        answers: ['all', 'clustered', 'sticky'],
        lane: 'clustered',
        shows: 'share',
        async run(guide) {
          await calls.act('all', 'login')
          if (!guide.state().lanes.some(({ nodes }) => nodes.some(({ name }) => name === 'd')))
            await calls.lane('all', 'add')
          await calls.act('all', 'open', { times: 7 })
        },
      },
      {
        key: 'tour.6.2',
        answers: ['none', 'some'],
        lane: 'clustered',
        shows: 'outcomes',
        async run({ user }) {
          await calls.lane('all', 'remove', { node: 'd' }).catch(() => undefined)
          await calls.act('all', 'open')
          await calls.act(user, 'open')
        },
      },
      {
        key: 'tour.6.3',
        answers: ['out', 'error', 'hang'],
        tab: 'why',
        lane: 'clustered',
        shows: 'outcomes',
        async run({ user }) {
          await calls.lane('clustered', 'redis-freeze')
          try {
            await calls.act(user, 'open')
          } finally {
            await calls.lane('clustered', 'redis-thaw')
          }
        },
      },
    ],
  },
  {
    key: 'tour.7',
    needs: 'clustered',
    user: first,
    steps: [
      {
        key: 'tour.7.1',
        tab: 'redis',
        lane: 'clustered',
        run: async ({ user }) => void (await calls.act(user, 'login')),
      },
      {
        key: 'tour.7.2',
        answers: ['same', 'plain', 'refused'],
        tab: 'redis',
        lane: 'clustered',
        shows: 'codec',
        run: async () => lastTrial.set(await calls.codec('raw-json', 'class')),
      },
      {
        key: 'tour.7.3',
        answers: ['same', 'plain'],
        tab: 'redis',
        lane: 'clustered',
        shows: 'codec',
        run: async () => lastTrial.set(await calls.codec('registry', 'class')),
      },
    ],
  },
]
