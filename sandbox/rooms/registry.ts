import type { IdSource } from './ids.ts';
import { createIdSource } from './ids.ts';
import { DEMO_ROOMS } from './demo-rooms.ts';
import type { RoomContext } from './room.ts';
import { Room } from './room.ts';
import type { RoomSettingsInput } from './settings.ts';
import { patchSettings, settingsSchema } from './settings.ts';
import type { SignDesk } from './sign-desk.ts';
import { createSignDesk } from './sign-desk.ts';

export interface RegistryOptions {
  seed: number;
  now: () => number;
  maxBufferedBytes: number;
  /** How long `later` stays offline after it was first asked for, in milliseconds. */
  laterMs: number;
}

/** All rooms of a sandbox, by name and by room id. */
export interface Registry {
  readonly sign: SignDesk;
  readonly ids: IdSource;
  now(): number;
  byName(name: string): Room | undefined;
  byRoomId(roomId: string): Room | undefined;
  all(): Room[];
  /** Makes the room, or changes the settings that are given. @throws ZodError */
  put(name: string, settings: RoomSettingsInput): Room;
  remove(name: string): boolean;
  /** All as at the start: demo rooms only, counters at zero. */
  reset(): void;
  close(): void;
}

export function createRegistry({ seed, now, maxBufferedBytes, laterMs }: RegistryOptions): Registry {
  const rooms = new Map<string, Room>();
  const context: RoomContext = { seed, now, maxBufferedBytes, ids: createIdSource(now), run: `${now().toString(36)}x` };
  let sign = createSignDesk(now);

  const create = (name: string, settings: RoomSettingsInput): Room => {
    const room = new Room(name, settingsSchema.parse(settings), context);
    rooms.set(key(name), room);
    return room;
  };

  const open = (): void => {
    for (const [name, settings] of Object.entries(DEMO_ROOMS)) create(name, settings);
    registry.put('later', { life: { live_after_ms: laterMs } });
  };

  const close = (): void => {
    for (const room of rooms.values()) room.close();
    rooms.clear();
  };

  const registry: Registry = {
    get sign() {
      return sign;
    },
    ids: context.ids,
    now,
    byName: (name) => rooms.get(key(name)),
    byRoomId: (roomId) => [...rooms.values()].find((room) => room.hadRoomId(roomId)),
    all: () => [...rooms.values()],
    put: (name, settings) => {
      const room = rooms.get(key(name));
      if (!room) return create(name, settings);
      room.settings = patchSettings(room.settings, settings);
      room.traffic.stop();
      if (room.sockets.size > 0) room.traffic.wake();
      return room;
    },
    remove: (name) => {
      rooms.get(key(name))?.close();
      return rooms.delete(key(name));
    },
    reset: () => {
      close();
      context.run = `${now().toString(36)}y${String(context.ids.next())}`;
      sign = createSignDesk(now);
      open();
    },
    close,
  };
  open();
  return registry;
}

/** TikTok's handles know no case. */
const key = (name: string): string => name.toLowerCase();
