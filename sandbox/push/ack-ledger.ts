/** Which frames of a socket the client has not acknowledged yet. */
export interface AckLedger {
  sent(logId: bigint, internalExt: string): void;
  /** @returns false where no such frame waits, or the client handed back another internalExt */
  acknowledge(logId: bigint, internalExt: string): boolean;
  /** Frames that wait for their ack. */
  readonly open: number;
}

/** Of a client that never acknowledges, only the newest frames are remembered. */
const MEMORY = 20_000;

export function createAckLedger(): AckLedger {
  const waiting = new Map<bigint, string>();
  return {
    sent: (logId, internalExt) => {
      waiting.set(logId, internalExt);
      if (waiting.size <= MEMORY) return;
      const oldest = waiting.keys().next();
      if (!oldest.done) waiting.delete(oldest.value);
    },
    acknowledge: (logId, internalExt) => waiting.get(logId) === internalExt && waiting.delete(logId),
    get open() {
      return waiting.size;
    },
  };
}
