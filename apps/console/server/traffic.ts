import { shuffled, type UserAction } from '@session-cluster/visitor'
import type { ClockView, UserView } from '../wire/frame.ts'
import type { LaneId, RequestRecord } from '../wire/record.ts'
import type { ActOptions } from './actions.ts'
import type { Lane } from './lane.ts'
import { pacer } from './pacer.ts'
import { newUser, type UserState } from './user-state.ts'

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
  readonly state: UserState
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
  readonly #first: number
  readonly #users = new Map<string, User>()
  #rate = 3
  #running = false
  /** Who has asked for a pause, and has not let go yet: pages whose tour is open. */
  readonly #pausedBy = new Set<string>()
  /** Everything begins anew: nobody acts meanwhile. */
  #resetting = false
  /** Whether there is a stage to act on; until then a clock that runs makes nobody act. */
  #begun = false
  #pacer: Disposable | undefined
  #bag: string[] = []

  constructor(lanes: () => readonly Lane[], users = 9) {
    this.#lanes = lanes
    this.#first = users
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

  /** Every user's state in a lane. */
  states(lane: LaneId): ReadonlyMap<string, UserState> {
    const map = new Map<string, UserState>()
    for (const { name, seats } of this.#users.values()) {
      const seat = seats.get(lane)
      if (seat) map.set(name, seat.state)
    }
    return map
  }

  /** The user's state in a lane, begun if need be. @throws Error for a name that nobody has */
  stateOf(user: string, lane: LaneId): UserState {
    return this.#seat(user, lane).state
  }

  /** Does one action as the user in one lane, after whatever the user is still doing there. */
  act(lane: Lane, user: string, action: UserAction, options: ActOptions = {}): Promise<RequestRecord> {
    const seat = this.#seat(user, lane.id)
    seat.waiting++
    const done = seat.tail.then(() => lane.act(user, seat.state, action, options)).finally(() => seat.waiting--)
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
    options: ActOptions = {},
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
    return { running: this.#running && this.#pausedBy.size === 0, rate: this.#rate, pausedBy: [...this.#pausedBy] }
  }

  /** Lets the users act by themselves, or not. Whoever lets them go on ends every page's pause. */
  setClock({ running, rate }: { running?: boolean | undefined; rate?: number | undefined }): void {
    this.#rate = rate ?? this.#rate
    this.#running = running ?? this.#running
    if (running) this.#pausedBy.clear()
    this.#wind()
  }

  /** Holds the users still for a page, until it lets go or is gone. */
  pause(page: string): void {
    this.#pausedBy.add(page)
    this.#wind()
  }

  /** Ends a page's pause: the traffic goes on if it went before, and nobody else has paused it. */
  resume(page: string): void {
    if (this.#pausedBy.delete(page)) this.#wind()
  }

  /** Holds everybody still while `work` is done, and lets the first nine users begin anew, without a cookie, before it ends. */
  async beginAnew(work: () => Promise<void>): Promise<void> {
    this.#resetting = true
    this.#wind()
    try {
      await Promise.all([...this.#users.values()].flatMap(({ seats }) => [...seats.values()].map(({ tail }) => tail)))
      await work()
      this.#users.clear()
      for (let i = 0; i < this.#first; i++) this.addUser()
      this.#bag = []
    } finally {
      this.#resetting = false
      this.#wind()
    }
  }

  #wind(): void {
    this.#pacer?.[Symbol.dispose]()
    const goes = this.clock.running && this.#begun && !this.#resetting
    this.#pacer = goes ? pacer(this.#rate, () => void this.step()) : undefined
  }

  /** Lets the users act, if the clock runs: whoever stopped it before the lanes were up does not want it to start now. */
  begin(): void {
    this.#begun = true
    this.#wind()
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
          const { jar, last, session, home, pinned } = seats.get(id)?.state ?? newUser()
          const cookie = jar.get(target.cookieName) !== undefined
          return [
            id,
            { cookie, session, ...(last && { last }), ...(home && { home: home.node }), ...(pinned && { pinned }) },
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
      seat = { state: newUser(), tail: Promise.resolve(), waiting: 0 }
      user.seats.set(lane, seat)
    }
    return seat
  }
}
