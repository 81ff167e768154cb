import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** Two ports in a row, the first one even, as RTP and RTCP have them: RFC 3550 §11. */
export interface PortPair {
  rtp: number;
  rtcp: number;
  /** Others may have them again. Idempotent. */
  release(): void;
}

const ATTEMPTS = 50;
/** Given out by this process and perhaps not bound yet: nobody else here gets them meanwhile. */
const given = new Set<number>();

/**
 * A pair that is free on every address of this machine right now. Another process may still take it before it is bound: who binds it must
 * be ready to ask for another one.
 * @throws where none is found
 */
export async function takePortPair(): Promise<PortPair> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const pair = await probe();
    if (pair === null || given.has(pair)) continue;
    given.add(pair);
    return { rtp: pair, rtcp: pair + 1, release: () => void given.delete(pair) };
  }
  throw new Error(`no two free UDP ports in a row were found in ${ATTEMPTS} attempts`);
}

/** @returns the even one of two neighbours that are both free; null: these are not */
async function probe(): Promise<number | null> {
  const first = await bound(0);
  if (first === null) return null;
  const { port } = first.address();
  const even = port % 2 === 0 ? port : port - 1;
  const second = await bound(port === even ? even + 1 : even);
  await closed(first);
  if (second === null) return null;
  await closed(second);
  return even;
}

async function bound(port: number): Promise<Socket | null> {
  const socket = createSocket('udp4');
  socket.bind({ port, exclusive: true });
  try {
    await once(socket, 'listening');
    return socket;
  } catch {
    // Somebody has it.
    socket.close();
    return null;
  }
}

async function closed(socket: Socket): Promise<void> {
  const gone = once(socket, 'close');
  socket.close();
  await gone;
}
