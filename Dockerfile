# One image for every process of the cluster; docker-compose.yml says which one a container runs.
# The sources run as they are (Node strips the types), so there is nothing to compile but the console's page.

FROM node:26-trixie-slim AS base
WORKDIR /app
ENV CI=true

# Manifests first: the layer with the packages is rebuilt only when they change.
FROM base AS manifests
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
COPY scripts/only-pnpm.mjs scripts/
COPY apps/server/package.json apps/server/
COPY apps/balancer/package.json apps/balancer/
COPY packages/session/package.json packages/session/
COPY packages/balancer/package.json packages/balancer/

FROM manifests AS production
RUN npx --yes pnpm@12.21.0 install --frozen-lockfile --prod \
      --filter @session-cluster/server... --filter @session-cluster/balancer-app...

FROM base
ENV NODE_ENV=production HOST=0.0.0.0
COPY --from=production /app ./
COPY packages packages
COPY apps apps
USER node
CMD ["node", "apps/server/src/main.ts"]
