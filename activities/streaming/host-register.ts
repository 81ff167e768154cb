import { countViewers, forgetHosts, registerMediaHost, type HostViewers } from '../../db/media-host.repository.ts';
import type { Db } from '../../db/client.ts';
import type { SessionBook } from '../../media/live-session.ts';
import type { ErrorLog } from '../live/log.ts';
import { repeatedly } from './repeatedly.ts';

export interface HostRegisterOptions {
  db: Db;
  /** Read anew each time: with port 0 the URLs are known only once it listens. */
  host: () => { id: string; public_url: string; rtmp_url: string | null; task_queue: string; features: readonly string[] };
  sessions: SessionBook;
  /** Viewers that are no WebRTC consumers of a stage, such as those of HLS; each gives its number for a stream. */
  audiences: ReadonlySet<(streamId: string) => number>;
  everyMs?: number;
  logger: ErrorLog;
}

const EVERY_MS = 5_000;
/** Beats between two clean-ups of what other hosts have left. */
const FORGET_EVERY = 720;

export interface HostRegister {
  /** Says so for the first time, and from then on again and again. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Keeps the table of media hosts: where they are, what they do, and how many watch each of their streams. */
export function createHostRegister({ db, host, sessions, audiences, everyMs = EVERY_MS, logger }: HostRegisterOptions): HostRegister {
  let beats = 0;
  let running: ReturnType<typeof repeatedly> | null = null;
  const counts = (): HostViewers[] =>
    sessions.all().map(({ grant, stage }) => ({
      stream_id: grant.stream_id,
      viewers: stage.viewers() + [...audiences].reduce((sum, audience) => sum + audience(grant.stream_id), 0),
    }));
  const say = async (): Promise<void> => {
    const counted = counts();
    const viewers = counted.reduce((sum, one) => sum + one.viewers, 0);
    const { features, ...facts } = host();
    await registerMediaHost(db, { ...facts, features: [...features], sessions: counted.length, viewers }, beats === 0);
    await countViewers(db, facts.id, counted);
    if (beats++ % FORGET_EVERY === 0) await forgetHosts(db);
  };
  return {
    async start() {
      running = repeatedly(everyMs, say, logger);
      await say();
    },
    stop: () => running?.stop() ?? Promise.resolve(),
  };
}
