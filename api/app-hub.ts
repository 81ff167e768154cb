import { findAppNotifications, goneAppUsers, type AppNotification } from '../db/app-notification.repository.ts';
import type { Db } from '../db/client.ts';
import { createListener } from '../db/listener.ts';
import type { NotificationTold } from '../domain/contracts/app-events.ts';
import { CHANNELS } from '../domain/names.ts';
import type { LocalSockets } from './realtime.ts';

export interface AppHubOptions {
  db: Db;
  /** For a listening connection of its own. */
  databaseUrl: string;
  sockets: LocalSockets;
  onError: (error: unknown) => void;
}

export interface AppHub {
  /** A socket of this user was let in just now. */
  came(userId: string): void;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Notices that come within this are read together, milliseconds. */
const GATHER_MS = 20;
/** Longer than a handshake takes, milliseconds. */
const REMEMBER_GONE_MS = 60_000;

/**
 * Tells the users who are connected to this process of their notifications, and cuts those whose account was deleted or suspended. Every
 * process hears what PostgreSQL says and tells its own sockets: this needs no Redis.
 */
export function createAppHub({ db, databaseUrl, sockets, onError }: AppHubOptions): AppHub {
  const waiting = new Set<string>();
  const gone = new Map<string, number>();
  let timer: NodeJS.Timeout | null = null;
  let closed = false;

  const flush = async (): Promise<void> => {
    timer = null;
    const ids = [...waiting];
    waiting.clear();
    const rows = await findAppNotifications(db, ids);
    if (closed) return;
    for (const row of rows) if (row.read_at === null) sockets.toUserHere(row.user_id, 'notification', toTold(row));
  };
  const cut = (userId: string): void => {
    const now = Date.now();
    for (const [id, at] of gone) if (now - at > REMEMBER_GONE_MS) gone.delete(id);
    gone.set(userId, now);
    sockets.cut(userId);
  };

  const listener = createListener({
    url: databaseUrl,
    channels: [CHANNELS.app],
    onNotice(_channel, payload) {
      const [what = '', userId = ''] = payload.split(' ');
      if (what === 'gone') return cut(userId);
      if (!sockets.isHere(userId)) return;
      waiting.add(what);
      timer ??= setTimeout(() => void flush().catch(onError), GATHER_MS);
    },
    onConnected() {
      // What was told while nobody listened is in the lists; who was deleted or suspended then must not stay.
      goneAppUsers(db, sockets.here()).then((ids) => ids.forEach(cut), onError);
    },
    onError,
  });

  return {
    // The account may have gone between the check of the token and the socket's coming in; a suspended one may be back.
    came(userId) {
      if (gone.has(userId)) goneAppUsers(db, [userId]).then((ids) => ids.forEach(cut), onError);
    },
    close() {
      closed = true;
      if (timer) clearTimeout(timer);
      return listener.close();
    },
  };
}

const toTold = ({ id, kind, text, sender_id, video_id, subject_id, created_at }: AppNotification): NotificationTold => ({
  id,
  kind,
  text,
  sender_id,
  video_id,
  subject_id,
  created_at: created_at.toISOString(),
});
