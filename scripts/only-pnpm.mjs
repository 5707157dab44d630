// npm cannot install this workspace nor pack its packages (it knows neither its links nor its catalog): say what to type instead.
const agent = process.env.npm_config_user_agent ?? ''
const says = {
  install:
    'This workspace is installed by pnpm, which the scripts fetch themselves. Type `npm run demo` or `npm test`;\nto install only: `npm run setup`.',
  pack: 'A tarball made by npm could not be installed. At the root of the workspace, type `npm run pack`.',
}
if (!agent.startsWith('pnpm/')) {
  console.error(says[process.argv[2] ?? 'install'])
  process.exit(1)
}
