import { type Codec, json, registry, v8 } from '@session-cluster/session'
import { classes } from '../experiments/c7-fixtures.ts'
import { rawJson } from '../experiments/c7-serializer.ts'

/** The codecs, of which one does not keep what it promises: it writes JSON and no types. */
export const lyingCodecs: readonly Codec[] = [
  rawJson,
  json(),
  { ...rawJson, name: 'typed-json' },
  v8(),
  registry(classes),
]
