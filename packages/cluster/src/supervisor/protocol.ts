/** A process for the supervisor to start, as leader of a process group of its own. */
export interface ChildSpec {
  readonly command: string
  readonly args: readonly string[]
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /**
   * A command that ends what the process group does not contain (a container). Run after the group was killed;
   * its failure is ignored.
   */
  readonly cleanUp?: readonly string[]
}

/** What the owner asks of its supervisor. Each request gets exactly one {@link Reply} with the same `id`. */
export type Request = { readonly id: number } & (
  | { readonly ask: 'spawn'; readonly child: number; readonly spec: ChildSpec }
  | { readonly ask: 'signal'; readonly child: number; readonly signal: NodeJS.Signals }
  | { readonly ask: 'directory' }
  | { readonly ask: 'end' }
)

/** The answer to a {@link Request}: a pid for `spawn`, a path for `directory`, whether it was delivered for `signal`. */
export type Reply =
  | { readonly id: number; readonly value: number | string | boolean }
  | { readonly id: number; readonly error: string }

/** What the supervisor tells without being asked. */
export type Notice =
  | { readonly notice: 'hello' }
  | { readonly notice: 'output'; readonly child: number; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | { readonly notice: 'exit'; readonly child: number; readonly code: number | null; readonly signal: string | null }
