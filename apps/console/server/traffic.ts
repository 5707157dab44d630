import type { ClockView, UserView } from '../wire/frame.ts'
import type { LaneId, RequestRecord, UserAction } from '../wire/record.ts'
import type { Lane } from './lane.ts'
import { pacer } from './pacer.ts'
import { type DeedOptions, type Standing, standing } from './standing.ts'

/** The virtual users, in the order in which they come. The first nine are there from the start. */
export const names = [
  'Alice',
  'Bob',
  'Carol',
  'Dave',
  'Erin',
  'Frank',
  'Grace',
  'Heidi',
  'Ivan',
  'Judy',
  'Kim',
  'Leo',
  'Mina',
  'Niko',
  'Olga',
  'Paul',
  'Quinn',
  'Rosa',
] as const

interface Seat {
  readonly standing: Standing
  /** The user's actions in a lane happen one after another, as in one browser tab. */
  tail: Promise<unknown>
  waiting: number
}

interface User {
  readonly name: string
  active: boolean
  readonly seats: Map<LaneId, Seat>
}

/** How many actions of one user may wait in one lane before background traffic passes the user over. */
const patience = 3

/** The users, and the clock that makes them act on their own. */
export class Traffic implements Disposable {
  readonly #lanes: () => readonly Lane[]
  readonly #users = new Map<string, User>()
  #rate = 3
  #running = false
  /** Whether there is a stage to act on; until then a clock that runs makes nobody act. */
  #begun = false
  #pacer: Disposable | undefined
  #bag: string[] = []

  constructor(lanes: () => readonly Lane[], users = 9) {
    this.#lanes = lanes
    for (let i = 0; i < users; i++) this.addUser()
  }

  /** One user more; `undefined` when there are as many as there are names. */
  addUser(): string | undefined {
    const name = names[this.#users.size]
    if (name !== undefined) this.#users.set(name, { name, active: true, seats: new Map() })
    return name
  }

  get names(): readonly string[] {
    return [...this.#users.keys()]
  }

  standings(lane: LaneId): ReadonlyMap<string, Standing> {
    const map = new Map<string, Standing>()
    for (const { name, seats } of this.#users.values()) {
      const seat = seats.get(lane)
      if (seat) map.set(name, seat.standing)
    }
    return map
  }

  /** The user's standing in a lane, begun if need be. @throws Error for a name that nobody has */
  standing(user: string, lane: LaneId): Standing {
    return this.#seat(user, lane).standing
  }

  /** Does one action as the user in one lane, after whatever the user is still doing there. */
  act(lane: Lane, user: string, action: UserAction, options: DeedOptions = {}): Promise<RequestRecord> {
    const seat = this.#seat(user, lane.id)
    seat.waiting++
    const done = seat.tail.then(() => lane.act(user, seat.standing, action, options)).finally(() => seat.waiting--)
    seat.tail = done.catch(() => undefined)
    return done
  }

  /**
   * Does the same action at once in every lane that is on, or in those of them that are named. A lane without the node that it is to
   * go to is left out: nothing could be sent there.
   */
  async everywhere(
    user: string,
    action: UserAction,
    options: DeedOptions = {},
    only?: readonly string[],
  ): Promise<RequestRecord[]> {
    const { via } = options
    const lanes = this.#lanes().filter(
      ({ on, id, target }) =>
        on && (only === undefined || only.includes(id)) && (via === undefined || target.nodeUrl(via) !== undefined),
    )
    return Promise.all(lanes.map((lane) => this.act(lane, user, action, options)))
  }

  /** Only these go on acting by themselves. */
  setActive(users: readonly string[]): void {
    for (const user of this.#users.values()) user.active = users.includes(user.name)
  }

  get clock(): ClockView {
    return { running: this.#running, rate: this.#rate }
  }

  setClock({
    running = this.clock.running,
    rate = this.#rate,
  }: {
    running?: boolean | undefined
    rate?: number | undefined
  }): void {
    this.#rate = rate
    this.#running = running
    this.#pacer?.[Symbol.dispose]()
    this.#pacer = running && this.#begun ? pacer(rate, () => void this.step()) : undefined
  }

  /** Lets the users act, if the clock runs: whoever stopped it before the lanes were up does not want it to start now. */
  begin(): void {
    this.#begun = true
    this.setClock({})
  }

  /** The next active user opens the page once, everywhere; a lane in which the user is still waiting is left out. */
  async step(): Promise<RequestRecord[]> {
    const name = this.#nextUser()
    if (name === undefined) return []
    const free = this.#lanes().filter(({ on, id }) => on && this.#seat(name, id).waiting < patience)
    return Promise.all(free.map((lane) => this.act(lane, name, 'open')))
  }

  /** The active users in a new order each time round. In a fixed order, nine users in step with three nodes would never miss. */
  #nextUser(): string | undefined {
    const active = [...this.#users.values()].filter((user) => user.active).map(({ name }) => name)
    this.#bag = this.#bag.filter((name) => active.includes(name))
    if (this.#bag.length === 0) this.#bag = shuffled(active)
    return this.#bag.pop()
  }

  views(): UserView[] {
    return [...this.#users.values()].map(({ name, active, seats }) => ({
      name,
      active,
      lanes: Object.fromEntries(
        this.#lanes().map(({ id, target }) => {
          const { jar, last, lost, home, pinned } = seats.get(id)?.standing ?? standing()
          const cookie = jar.get(target.cookieName) !== undefined
          return [
            id,
            { cookie, lost, ...(last && { last }), ...(home && { home: home.node }), ...(pinned && { pinned }) },
          ]
        }),
      ),
    }))
  }

  [Symbol.dispose](): void {
    this.#running = false
    this.#pacer?.[Symbol.dispose]()
  }

  #seat(name: string, lane: LaneId): Seat {
    const user = this.#users.get(name)
    if (!user) throw new Error(`There is no user ${name}`)
    let seat = user.seats.get(lane)
    if (!seat) {
      seat = { standing: standing(), tail: Promise.resolve(), waiting: 0 }
      user.seats.set(lane, seat)
    }
    return seat
  }
}

/** The same values in a random order (Fisher and Yates). */
export function shuffled<T>(values: readonly T[], random: () => number = Math.random): T[] {
  const list = [...values]
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[list[i], list[j]] = [list[j] as T, list[i] as T]
  }
  return list
}
