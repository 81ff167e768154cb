/** Half of the second that a Date header does not tell. */
const HALF_A_SECOND_MS = 500;

export interface ShopClock {
  /** Epoch seconds as TikTok has them, which is what requests are signed with. */
  timestamp(): number;
  /** TikTok said that ours was wrong. @param sentMs when that request went out, by our own clock */
  correct(theirDateMs: number, sentMs: number): void;
}

/** Our clock, put right by TikTok's answers: it takes timestamps from five minutes ago to half a minute ahead, and no others. */
export function createShopClock(now: () => number): ShopClock {
  let offsetMs = 0;
  return {
    timestamp: () => Math.floor((now() + offsetMs) / 1_000),
    correct(theirDateMs, sentMs) {
      offsetMs = theirDateMs + HALF_A_SECOND_MS - (sentMs + now()) / 2;
    },
  };
}
