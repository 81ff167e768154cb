import type { Pacer } from './pacer.ts';
import { startPacer } from './pacer.ts';
import type { Room } from './room.ts';

/** What happens in a room by itself. It sleeps while nobody has listened for a while. */
export interface Traffic {
  /** Somebody is there: goes on, if the room is live. */
  wake(): void;
  stop(): void;
  readonly running: boolean;
}

/** A listener that reconnects within this must find what it missed. */
const LINGER_MS = 60_000;
/** After the process was held up, so much is made up for. */
const MAX_LAG_MS = 1_000;

export function createTraffic(room: Room): Traffic {
  let pacer: Pacer | null = null;
  let deserted: number | null = null;

  function emit(count: number): void {
    if (room.sockets.size > 0) deserted = null;
    else deserted ??= room.now();
    if (deserted !== null && room.now() - deserted > LINGER_MS) return stop();
    const { mix } = room.settings.traffic;
    room.publish(Array.from({ length: count }, () => room.script.next(mix)));
  }

  function stop(): void {
    pacer?.stop();
    pacer = null;
    deserted = null;
  }

  return {
    wake: () => {
      const { events_per_second, events_per_frame } = room.settings.traffic;
      if (pacer || room.status !== 'live' || events_per_second === 0) return;
      pacer = startPacer({ ratePerSecond: events_per_second, perFrame: events_per_frame, maxLagMs: MAX_LAG_MS, emit });
    },
    stop,
    get running() {
      return pacer !== null;
    },
  };
}
