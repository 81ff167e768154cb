import { createAdaptorServer } from '@hono/node-server';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { pino } from 'pino';
import type { SessionEnd } from '../../domain/contracts/stream.ts';
import { AppError } from '../../domain/errors.ts';
import { mediaHttp } from '../../media/http/app.ts';
import type { WebRtcRouteOptions } from '../../media/http/webrtc-options.ts';
import { addWhepRoutes } from '../../media/http/whep.ts';
import { addWhipRoutes } from '../../media/http/whip.ts';
import type { LiveSession, MediaGate, PublishGrant, SessionBook, ViewGrant } from '../../media/live-session.ts';
import type { StagePoolOptions } from '../../media/webrtc/stage-pool.ts';
import { openBrowser } from './browser.ts';
import { openStageWorld, type StageWorld } from './stage-world.ts';
import { WEBRTC_PAGE, type PageRtc } from './webrtc-page.ts';

export interface WebRtcWorld {
  url: string;
  stages: StageWorld;
  sessions: FakeSessions;
  /** A new stream's id; its key is `sk_<id>`, its owner's token `token-<id>`. */
  stream(over?: Partial<ViewGrant>): string;
  /** A page of its own in a real Chromium, from localhost. */
  page(): Promise<Page>;
  close(): Promise<void>;
}

/** Real routes, mediasoup and Chromium; the gate and the session book are made up. */
export async function openWebRtcWorld(over: Partial<WebRtcRouteOptions> = {}, pool: Partial<StagePoolOptions> = {}): Promise<WebRtcWorld> {
  const stages = await openStageWorld({ maxViewers: 50, ...pool });
  const sessions = fakeSessions(stages);
  const known = new Map<string, ViewGrant>();
  const logger = pino({ level: process.env.TEST_LOG_LEVEL ?? 'silent' });
  const http = mediaHttp(logger);
  const host = { id: 'this-host', public_url: 'http://127.0.0.1' };
  const options: WebRtcRouteOptions = { http, stages: stages.pool, gate: fakeGate(known), sessions, host, links: [], trustedProxies: 0, logger, ...over };
  addWhipRoutes(options);
  addWhepRoutes(options);
  http.get('/page', (c) => c.html(WEBRTC_PAGE));
  const server = createAdaptorServer({ fetch: http.fetch }) as Server;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let browser: ReturnType<typeof openBrowser> | null = null;
  return {
    url: `http://127.0.0.1:${port}`,
    stages,
    sessions,
    stream(grant = {}) {
      const id = randomUUID();
      known.set(id, { stream_id: id, visibility: 'public', latency: 'low', host: { id: host.id, public_url: host.public_url }, ...grant });
      return id;
    },
    async page() {
      browser ??= openBrowser(['--autoplay-policy=no-user-gesture-required']);
      const page = await (await browser).newPage();
      await page.goto(`http://localhost:${port}/page`);
      return page;
    },
    async close() {
      if (browser) await (await browser).close();
      await sessions.close();
      server.close();
      server.closeAllConnections();
      await stages.close();
    },
  };
}

/** Calls `rtc` in the page. */
export const inPage = <M extends keyof PageRtc>(page: Page, method: M, ...args: Parameters<PageRtc[M]>): Promise<Awaited<ReturnType<PageRtc[M]>>> =>
  // The page's own `rtc` is no property of its window.
  page.evaluate(`rtc.${method}(...${JSON.stringify(args)})`);

function fakeGate(known: Map<string, ViewGrant>): MediaGate {
  const grantOf = (id: string): PublishGrant => ({ stream_id: id, workspace_id: 'w', user_id: 'u', key_version: 1, record: false, latency: 'low' });
  return {
    publisherByKey(key) {
      const id = key.slice(3);
      return known.has(id) && key.startsWith('sk_') ? Promise.resolve(grantOf(id)) : Promise.reject(new AppError('stream_key_unknown'));
    },
    publisherByToken: (token, id) => (token === `token-${id}` ? Promise.resolve({ ...grantOf(id), key_version: null }) : Promise.reject(new AppError('token_expired'))),
    viewer(id, token) {
      const grant = known.get(id);
      if (!grant) return Promise.reject(new AppError('not_found'));
      return grant.visibility === 'private' && token !== `token-${id}` ? Promise.reject(new AppError('unauthenticated', 'the token is missing')) : Promise.resolve(grant);
    },
    user: () => Promise.reject(new AppError('unauthenticated')),
  };
}

export interface FakeSession extends LiveSession {
  announced: boolean;
  over: SessionEnd | null;
}

export interface FakeSessions extends SessionBook {
  begun: FakeSession[];
  refuse: AppError | null;
}

function fakeSessions({ pool }: StageWorld): FakeSessions {
  const begun: FakeSession[] = [];
  const open = (): FakeSession[] => begun.filter(({ over }) => over === null);
  const claimed = new Set<string>();
  const book: FakeSessions = {
    begun,
    refuse: null,
    async begin({ grant, kind }) {
      if (book.refuse) throw book.refuse;
      if (claimed.has(grant.stream_id)) throw new AppError('stream_busy');
      claimed.add(grant.stream_id);
      const stage = await pool.open(grant.stream_id);
      let finish!: (end: SessionEnd) => void;
      const session: FakeSession = {
        id: randomUUID(),
        epoch: begun.length + 1,
        kind,
        grant,
        stage,
        started_at: new Date(),
        ended: new Promise((resolve) => (finish = resolve)),
        announced: false,
        over: null,
        announce() {
          session.announced = true;
          return Promise.resolve();
        },
        end(reason, detail = null) {
          if (session.over) return;
          session.over = { reason, detail, at_ms: Date.now() };
          claimed.delete(grant.stream_id);
          finish(session.over);
        },
      };
      begun.push(session);
      return session;
    },
    find: (id) => begun.find((session) => session.id === id) ?? null,
    ofStream: (id) => open().find(({ grant }) => grant.stream_id === id) ?? null,
    all: open,
    onAnnounced: () => () => undefined,
    close() {
      for (const session of open()) session.end('shutdown');
      return Promise.resolve();
    },
  };
  return book;
}
