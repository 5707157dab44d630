// pnpm's hooks for packing: a published package does not say what only its own tests need, which names packages that no registry has.
export const hooks = {
  beforePacking: ({ devDependencies: _, ...published }) => published,
}
