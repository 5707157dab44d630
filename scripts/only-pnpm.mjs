// `npm install` would build a tree without the workspace's links: say what to type instead.
const agent = process.env.npm_config_user_agent ?? ''
if (!agent.startsWith('pnpm/')) {
  console.error(
    'This workspace is installed by pnpm, which the scripts fetch themselves. Type `npm run demo` or `npm test`;',
  )
  console.error('to install only: `npm run setup`.')
  process.exit(1)
}
