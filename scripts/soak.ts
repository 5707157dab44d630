// `npm run soak -- session|balancer|console|faults`: see bench/README.md.
import { main } from '../bench/src/soak/main.ts'

process.exitCode = await main(process.argv.slice(2))
