import type { BenchOptions, Outcome } from '../options.ts'

export async function benchBalancer(_options: BenchOptions): Promise<Outcome> {
  throw new Error('x')
}
