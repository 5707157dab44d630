// `npm install` and `npm ci` find nothing to install (the root has no dependencies of its own) and come here: they set up, as every
// command does. pnpm comes here, too, in the middle of a set-up.
if (!(process.env.npm_config_user_agent ?? '').startsWith('pnpm/')) {
  process.argv[2] = 'setup'
  await import('./bootstrap.mjs')
}
