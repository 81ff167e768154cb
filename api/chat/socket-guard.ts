import type { ChatLimits } from './server.ts';
import type { ChatMetrics } from './metrics.ts';
import type { ChatIo, ChatSocket } from './types.ts';

export interface SocketGuard {
  hasRoom(userId: string): boolean;
  came(socket: ChatSocket): void;
  close(): void;
}

/** Packets that wait for a client which does not read; it is cut then, and catches up when it comes again. */
const UNREAD_MAX = 5_000;
/** What Socket.IO keeps in memory for clients whose connection broke. With Redis it lies there. */
const KEPT_PACKETS = 20_000;
const KEPT_SESSIONS = 20_000;
const LOOK_MS = 2_000;

/** Of the in-memory adapter, which has no bounds of its own. */
interface Memory {
  packets?: unknown[];
  sessions?: Map<string, unknown>;
}

/** Bounds what sockets cost this process: how many there are, and what waits for those that are slow or away. */
export function createSocketGuard({ io, limits, metrics }: { io: ChatIo; limits: Pick<ChatLimits, 'sockets' | 'sockets_per_user'>; metrics: Pick<ChatMetrics, 'sockets' | 'slowReaders'> }): SocketGuard {
  const perUser = new Map<string, number>();
  let sockets = 0;
  const memory = io.of('/').adapter as unknown as Memory;

  const timer = setInterval(() => {
    for (const { conn } of io.of('/').sockets.values()) {
      if ((conn as unknown as { writeBuffer: unknown[] }).writeBuffer.length < UNREAD_MAX) continue;
      metrics.slowReaders.inc();
      conn.close(true);
    }
    if (memory.packets && memory.packets.length > KEPT_PACKETS) memory.packets.splice(0, memory.packets.length - KEPT_PACKETS);
    for (const session of memory.sessions?.keys() ?? []) {
      if (memory.sessions!.size <= KEPT_SESSIONS) break;
      memory.sessions!.delete(session);
    }
  }, LOOK_MS);
  timer.unref();

  return {
    hasRoom: (userId) => sockets < limits.sockets && (perUser.get(userId) ?? 0) < limits.sockets_per_user,
    came(socket) {
      const userId = socket.data.user_id;
      metrics.sockets.set((sockets += 1));
      perUser.set(userId, (perUser.get(userId) ?? 0) + 1);
      socket.once('disconnect', () => {
        metrics.sockets.set((sockets -= 1));
        const left = (perUser.get(userId) ?? 1) - 1;
        if (left > 0) perUser.set(userId, left);
        else perUser.delete(userId);
      });
    },
    close: () => clearInterval(timer),
  };
}
