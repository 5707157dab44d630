/** The codecs that can be tried, `JSON.stringify` alone among them as the control. */
export const codecs = ['raw-json', 'json', 'spring-json', 'typed-json', 'v8', 'registry'] as const
export type TrialCodec = (typeof codecs)[number]

/** The values to try them on. */
export const samples = ['plain', 'date', 'map', 'class'] as const
export type SampleName = (typeof samples)[number]

/** What became of a value that went to Redis and came back. */
export interface CodecTrial {
  readonly codec: TrialCodec
  readonly sample: SampleName
  /** The value, as Node prints it. */
  readonly value: string
  readonly verdict: 'same' | 'changed' | 'refused'
  /** Why it was refused, in the session library's words. */
  readonly reason?: string
  /** The bytes that Redis holds, as `redis-cli` prints them. */
  readonly raw?: string
  readonly bytes?: number
  /** The value that came back, as Node prints it. */
  readonly back?: string
}
