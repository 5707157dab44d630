# One image for every process of the cluster; docker-compose.yml says which one a container runs.
# The sources run as they are (Node strips the types), so there is nothing to build but the console's page.

# Give a digest to build on exactly that: --build-arg NODE_IMAGE=node:26-trixie-slim@sha256:…
ARG NODE_IMAGE=node:26-trixie-slim
FROM ${NODE_IMAGE} AS base
WORKDIR /app
ENV CI=true

# Manifests first: the layers with the packages are rebuilt only when these change.
FROM base AS manifests
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
COPY scripts/postinstall.mjs scripts/
COPY apps/server/package.json apps/server/
COPY apps/balancer/package.json apps/balancer/
COPY apps/console/package.json apps/console/
COPY packages/session/package.json packages/session/
COPY packages/balancer/package.json packages/balancer/
COPY packages/cluster/package.json packages/cluster/
COPY packages/contract/package.json packages/contract/
COPY packages/visitor/package.json packages/visitor/

FROM manifests AS production
RUN npx --yes pnpm@12.21.0 install --frozen-lockfile --prod \
      --filter @session-cluster/server... --filter @session-cluster/balancer-app... --filter @session-cluster/console...

FROM manifests AS page
RUN npx --yes pnpm@12.21.0 install --frozen-lockfile --filter @session-cluster/console
COPY tsconfig.base.json ./
COPY apps/console apps/console
COPY packages/contract packages/contract
RUN npx --yes pnpm@12.21.0 --filter @session-cluster/console run build

FROM base
LABEL org.opencontainers.image.title=session-cluster org.opencontainers.image.licenses=MIT
ENV NODE_ENV=production HOST=0.0.0.0
COPY --from=production /app ./
COPY packages packages
COPY apps/server apps/server
COPY apps/balancer apps/balancer
COPY apps/console apps/console
COPY --from=page /app/apps/console/web/dist apps/console/web/dist
USER node
EXPOSE 8080 8000 3000
CMD ["node", "apps/server/src/main.ts"]
