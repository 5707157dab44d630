/** The codecs that a node can write session values with, by the name that `SESSION_CODEC` gives. */
export const codecNames = ['json', 'spring-json', 'typed-json', 'v8', 'registry'] as const
export type CodecName = (typeof codecNames)[number]
