import type { PushSocket } from '../push/push-socket.ts';
import type { Room } from './room.ts';

/** What happens to a room and its sockets by the clock, as its settings say. */
export interface RoomLife {
  /** Somebody looked the room up. */
  asked(): void;
  socketOpened(socket: PushSocket): void;
  socketClosed(socket: PushSocket): void;
  ended(): void;
  close(): void;
}

/** A frozen socket reads nothing, so it does not see its client leave: it is cut after this. */
const FROZEN_LIFE_MS = 600_000;

export function createRoomLife(room: Room): RoomLife {
  const timers = new Set<NodeJS.Timeout>();
  const socketTimers = new WeakMap<PushSocket, NodeJS.Timeout[]>();
  const pending = { live: false, end: false };
  let drops = 0;

  function after(ms: number, run: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, ms);
    timers.add(timer);
    return timer;
  }

  function once(what: 'live' | 'end', ms: number | null, run: () => void): void {
    if (ms === null || pending[what]) return;
    pending[what] = true;
    after(ms, () => {
      pending[what] = false;
      run();
    });
  }

  function drop(socket: PushSocket): void {
    drops += 1;
    if (drops % 2 === 1) socket.drop();
    else socket.drop(1011, 'internal error');
  }

  function freeze(socket: PushSocket): void {
    socket.freeze();
    socketTimers.get(socket)?.push(after(FROZEN_LIFE_MS, () => socket.drop()));
  }

  return {
    asked: () => {
      if (room.status === 'offline') once('live', room.settings.life.live_after_ms, () => room.goLive());
    },
    socketOpened: (socket) => {
      const { drop_every_ms, freeze_after_ms } = room.settings.faults;
      const own: NodeJS.Timeout[] = [];
      socketTimers.set(socket, own);
      if (drop_every_ms !== null) own.push(after(drop_every_ms, () => drop(socket)));
      if (freeze_after_ms !== null) own.push(after(freeze_after_ms, () => freeze(socket)));
      once('end', room.settings.life.end_after_ms, () => room.end(room.settings.life.end_as));
    },
    socketClosed: (socket) => {
      for (const timer of socketTimers.get(socket) ?? []) {
        clearTimeout(timer);
        timers.delete(timer);
      }
    },
    ended: () => once('live', room.settings.life.again_after_ms, () => room.goLive()),
    close: () => {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}
