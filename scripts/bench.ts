// `npm run bench -- session|balancer`: see bench/README.md.
import { main } from '../bench/src/main.ts'

process.exitCode = await main(process.argv.slice(2))
