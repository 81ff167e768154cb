/** TikTok counts time in seconds: what it says happened in the second of the consent may have happened after it, and counts. */
export const secondOf = (ms: number): number => Math.floor(ms / 1_000) * 1_000;

/** Whether something is from before the channel was connected: nobody acts on it any more. @param timeMs of TikTok, whole seconds in milliseconds */
export const isBeforeConnection = (timeMs: number, connectedAtMs: number): boolean => timeMs < secondOf(connectedAtMs);
