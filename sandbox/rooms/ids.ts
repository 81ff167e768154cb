import { hashOf } from '../catalogue/random.ts';

/**
 * Ids as TikTok makes them: the seconds of their birth in the upper half, a counter in the lower. They rise, and a
 * restarted sandbox repeats none.
 */
export interface IdSource {
  next(): bigint;
}

export function createIdSource(now: () => number): IdSource {
  let counter = (now() % 1_000) * 4_000_000;
  let last = 0n;
  return {
    next: () => {
      counter = (counter + 1) >>> 0;
      const id = (BigInt(Math.floor(now() / 1_000)) << 32n) | BigInt(counter);
      // The counter wraps once in four billion ids; a rising id matters more than its second.
      last = id > last ? id : last + 1n;
      return last;
    },
  };
}

/** 2024-09-06: the first 19-digit ids that begin with 7.4. */
const ROOM_EPOCH_S = 1_725_600_000n;

/** The room id of a name: the same in every sandbox, so that a session finds its room again after a restart. */
export const roomIdOf = (name: string, generation: number): string =>
  String(((ROOM_EPOCH_S + BigInt(generation)) << 32n) | BigInt(hashOf(name)));
