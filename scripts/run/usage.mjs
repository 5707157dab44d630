// What `npm run <command> -- --help` prints, and which words each command takes. Read before anything is installed or started.

/**
 * @typedef {object} Usage
 * @property {string} [words] what may follow the command
 * @property {string} does one or two sentences
 * @property {Record<string, string>} [options] each option, with the name of its value where it takes one, and what it does
 * @property {string[]} examples
 * @property {boolean} [reads] the command reads its words itself and refuses what it does not know
 */

/** @type {Record<string, Usage>} */
const usages = {
  demo: {
    does: 'Starts the console on http://localhost:3000 with three clusters side by side, or one with MODE. Ctrl-C stops everything.',
    options: {
      '--logs': 'print the log of every server and balancer',
      '--spring': 'the tutorial’s own program, in Java, beside the servers of MODE=clustered',
    },
    examples: ['npm run demo', 'MODE=sticky npm run demo'],
  },
  server: {
    does: 'Starts one server on http://localhost:8080, configured by the environment (.env.example lists all variables).',
    options: { '--watch': 'start it again whenever its source changes' },
    examples: [
      'npm run server',
      'PORT=8081 npm run server',
      'MODE=clustered REDIS_URL=redis://localhost:6379 npm run server',
    ],
  },
  balancer: {
    does: 'Starts the load balancer on http://localhost:8000, configured by the environment (.env.example lists all variables).',
    options: {
      '--print haproxy|nginx': 'print an equal configuration for HAProxy or nginx instead',
      '--watch': 'start it again whenever its source changes',
    },
    examples: [
      'npm run balancer',
      'MODE=sticky UPSTREAMS=a=http://127.0.0.1:8080,b=http://127.0.0.1:8081 npm run balancer',
    ],
  },
  test: {
    words: '[stage …]',
    does: 'Runs all tests, or the named stages only. REQUIRE_ALL=1: a part that this machine lacks counts as failed. TEST_BUDGET=full: the large form of each generated test.',
    reads: true,
    examples: ['npm test', 'npm test -- unit readme'],
  },
  check: {
    does: 'Runs every gate that needs no running system: format, types, unused code, import boundaries, docs.',
    examples: ['npm run check'],
  },
  format: { does: 'Formats the source and mends what Biome can mend.', examples: ['npm run format'] },
  setup: {
    does: 'Fetches Node and the packages into ./node_modules. Every other command does so by itself.',
    examples: ['npm run setup'],
  },
  pack: {
    does: 'Makes tarballs of the two libraries in ./packed and prints how to install them.',
    examples: ['npm run pack'],
  },
  lab: {
    words: 'list | run [id …] | judge FILE … | report [DIR] | compare DIR DIR | probe URL | size',
    does: 'Puts each claim to the test; `probe` asks the same of your own application; `size` says how many machines. `npm run lab -- help` lists all options.',
    reads: true,
    examples: ['npm run lab -- run C1 C4', 'npm run lab -- report'],
  },
  bench: {
    words: 'session | balancer',
    does: 'Measures the CPU time of one request beside the peers.',
    options: {
      '--quick': 'few requests: proves that the bench runs, measures nothing',
      '--rounds N': 'rounds that everybody takes part in (20)',
      '--requests N': 'requests of each in one round (6000)',
      '--seed N': 'orders the rounds (1)',
      '--json FILE': 'write the whole result there',
      '--save': 'keep the result in bench/results',
    },
    reads: true,
    examples: ['npm run bench -- session --quick'],
  },
  soak: {
    words: 'session | balancer | console | faults',
    does: 'A long run under load; its result goes to bench/results.',
    options: {
      '--quick': 'a short form that writes nothing',
      '--seed N': 'a whole number (1)',
      '--minutes N': 'of faults: how long (60)',
      '--judge FILE …': 'of faults: judge histories that were kept',
      '--mutants': 'of faults: try the judge on libraries that are broken',
    },
    reads: true,
    examples: ['npm run soak -- session --quick', 'npm run soak -- faults --judge bench/results/soak-faults'],
  },
}

/**
 * The text of `--help` for a command.
 * @param {string} task
 */
export function help(task) {
  const { words = '', does, options = {}, examples } = usages[task]
  const listed = { ...options, '--help': 'print this and start nothing' }
  const width = Math.max(...Object.keys(listed).map((option) => option.length))
  return [
    `Usage: ${command(task)}${words && ` -- ${words}`}`,
    '',
    does,
    '',
    ...Object.entries(listed).map(([option, what]) => `  ${option.padEnd(width)}  ${what}`),
    '',
    ...examples.map((example, i) => `${i === 0 ? 'Example: ' : '         '}${example}`),
  ].join('\n')
}

/**
 * What to say, and to end with, instead of running the command; `undefined` when it may run.
 * @param {string} task
 * @param {readonly string[]} args
 * @returns {{ text: string, exitCode: number } | undefined}
 */
export function insteadOf(task, args) {
  const usage = usages[task]
  if (!usage) return { text: `There is no command ${task}; there are ${Object.keys(usages).join(', ')}`, exitCode: 1 }
  if (args.includes('--help') || args.includes('-h')) return { text: help(task), exitCode: 0 }
  if (usage.reads) return undefined
  const known = Object.keys(usage.options ?? {})
  const unknown = args.find((word, i) => !takes(known, word) && !takesValue(known, args[i - 1]))
  if (unknown === undefined) return undefined
  const allowed = [...known, '--help'].join(', ')
  return { text: `${command(task)}: there is no ${unknown}; there is ${allowed}`, exitCode: 1 }
}

/** Whether a word is one of the options, such as `--logs`, or `--print` of `--print FORMAT`. */
function takes(known, word) {
  return known.some((option) => option.split(' ')[0] === word)
}

/** Whether a word is the value of the option before it, as `--print haproxy`. */
function takesValue(known, before) {
  return before !== undefined && known.some((option) => option.startsWith(`${before} `))
}

function command(task) {
  return task === 'test' ? 'npm test' : `npm run ${task}`
}
