// npm cannot pack the packages of this workspace (it knows neither its links nor its catalog): say what to type instead.
if (!(process.env.npm_config_user_agent ?? '').startsWith('pnpm/')) {
  console.error('A tarball made by npm could not be installed. At the root of the workspace, type `npm run pack`.')
  process.exit(1)
}
