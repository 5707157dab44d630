/** Where to look for a Redis, and who hears what is being done. */
export interface FindOptions {
  /** Where commands are looked up. @default process.env */
  readonly env?: NodeJS.ProcessEnv
  /** Where a private copy is kept. @default `.cache/redis` in the project */
  readonly cacheDir?: string
  /** Hears one line before each step that takes a while. */
  readonly onProgress?: (line: string) => void
}

/** One way to a Redis: a path when it works, `undefined` when it does not apply here; throws when it applies and fails. */
export type RedisSource = (options: Required<FindOptions>) => Promise<string | undefined>
