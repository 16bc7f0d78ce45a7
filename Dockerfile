# One image for everything of ours: the Calculator (the default), `understudy agent`, `understudy status`, the load.
# Nothing in here needs BuildKit. The layers with packages change only with package.json and the lock file.

FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json index.ts ./
COPY proto ./proto
COPY core ./core
COPY runtime ./runtime
COPY registry ./registry
COPY server ./server
COPY client ./client
COPY agent ./agent
COPY calculator ./calculator
COPY cli ./cli
RUN npm run build

FROM build AS packages
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:20-bookworm-slim
LABEL org.opencontainers.image.title=understudy-rpc org.opencontainers.image.licenses=Apache-2.0
ENV NODE_ENV=production
WORKDIR /app
# A named volume that is mounted here takes the folder's owner over.
RUN mkdir /evidence && chown node:node /evidence
COPY package.json ./
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
EXPOSE 50051
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s --retries=2 \
  CMD ["node", "dist/calculator/health-main.js", "127.0.0.1:50051"]
# The server is the container's own process, without npm or a shell between: SIGTERM reaches it, and it drains.
CMD ["node", "dist/calculator/main.js", "--host", "0.0.0.0", "--port", "50051"]
