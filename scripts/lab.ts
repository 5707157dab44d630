// `npm run lab -- list|run|report`: everything is in apps/lab.
import '../apps/lab/src/main.ts'
