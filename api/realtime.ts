import type { AppEvents } from '../domain/contracts/app-events.ts';

/** What an app is told over Socket.IO while it is connected. A message that does not arrive is in the lists too. */
export interface Realtime {
  /** To everybody in a stream's chat, in whichever process they are. */
  toStream<E extends keyof AppEvents>(streamId: string, event: E, payload: Parameters<AppEvents[E]>[0]): void;
  /** To all sockets of a user, in whichever process they are. */
  toUser<E extends keyof AppEvents>(userId: string, event: E, payload: Parameters<AppEvents[E]>[0]): void;
}

/** The sockets of this process: for what every process hears by itself, and each tells its own. */
export interface LocalSockets {
  isHere(userId: string): boolean;
  /** Users who have a socket here. */
  here(): string[];
  toUserHere<E extends keyof AppEvents>(userId: string, event: E, payload: Parameters<AppEvents[E]>[0]): void;
  /** Ends all sockets of a user here, and tells them not to come again. */
  cut(userId: string): void;
}

export interface RealtimeHub extends Realtime {
  /** From now on things are told by this. */
  connect(realtime: Realtime): void;
}

/** Routes exist before the sockets do: until those are there, nobody is connected who could be told. */
export function createRealtime(): RealtimeHub {
  let sockets: Realtime | null = null;
  return {
    connect(realtime) {
      sockets = realtime;
    },
    toStream: (streamId, event, payload) => sockets?.toStream(streamId, event, payload),
    toUser: (userId, event, payload) => sockets?.toUser(userId, event, payload),
  };
}
