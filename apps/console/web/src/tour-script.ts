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
  /** What the reveal shows: the user's mark lane by lane, the last ten marks, the nodes' share, the codec's trial, or only words. */
  readonly shows?: 'outcomes' | 'ten' | 'share' | 'codec' | 'answering'
  /** It goes on where the step before it ended: whoever comes from elsewhere has that one done first. */
  readonly after?: true
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
        run: async ({ user, act }) => void (await act(user, 'login', { via: 'a' })),
      },
      {
        key: 'tour.1.2',
        after: true,
        answers: ['yes', 'no'],
        tab: 'why',
        lane: 'local',
        shows: 'outcomes',
        run: async ({ user, act }) => void (await act(user, 'open', { via: 'a' })),
      },
      {
        key: 'tour.1.3',
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
    needs: 'sticky',
    user: first,
    steps: [
      { key: 'tour.3.1', tab: 'cookie', lane: 'sticky', run: async ({ act }) => void (await act('all', 'login')) },
      {
        key: 'tour.3.2',
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
    needs: 'sticky',
    user: livesOnB,
    steps: [
      {
        key: 'tour.4.1',
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
    needs: 'clustered',
    user: first,
    steps: [
      {
        key: 'tour.6.1',
        answers: ['all', 'clustered', 'sticky'],
        lane: 'clustered',
        shows: 'share',
        async run(guide) {
          await guide.act('all', 'login')
          const without = guide.state().lanes.filter(({ nodes }) => !nodes.some(({ name }) => name === 'd'))
          await Promise.all(without.map(({ id }) => calls.lane(id, 'add')))
          await guide.act('all', 'open', { times: 7 })
        },
      },
      {
        key: 'tour.6.2',
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
        answers: ['out', 'error', 'hang'],
        tab: 'why',
        lane: 'clustered',
        shows: 'outcomes',
        async run({ user, act, state }) {
          const here = state().users.find(({ name }) => name === user)?.lanes.clustered
          if (here?.session !== 'kept') await act(user, 'login')
          await calls.lane('clustered', 'redis-freeze')
          try {
            await act(user, 'open')
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
        run: async ({ user, act }) => void (await act(user, 'login')),
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
