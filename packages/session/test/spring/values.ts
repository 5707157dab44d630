import fc from 'fast-check'

const evil = fc.constantFrom(
  '@class',
  '@CLASS',
  'java.io.File',
  'java.net.URL',
  '[Ljava.io.File;',
  '"',
  '\\',
  '/etc/passwd',
)
const word = fc.oneof(evil, fc.string(), fc.string({ unit: 'binary' }))
// V8 14.6 reads a key with an escape in it as another that begins with a backslash, if it has met that one before.
const key = word.filter((name) => !name.includes('\\'))
/** Whatever a handler may store, and above all what may look like a Java class to Jackson. */
export const { value: anything } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    word,
    fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger(), fc.bigInt(), fc.boolean(), fc.date(), fc.constant(null)),
    fc.tuple(word, word),
    fc.tuple(evil, tie('value')),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.uniqueArray(tie('value'), { maxLength: 3 }).map((items) => new Set(items)),
    fc.dictionary(key, tie('value'), { maxKeys: 3 }).map((value) => ({ ...value })),
  ),
}))
