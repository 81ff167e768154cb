import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import type { types } from 'mediasoup';
import type { Logger } from 'pino';

/** For keyframes of a high bitrate, which arrive in one burst, while the core is busy. The kernel may give less (net.core.rmem_max). */
export const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
const ANY_ADDRESS = new Set(['0.0.0.0', '::']);

export interface ListenOptions {
  /** Address or name to listen on. */
  listenIp: string;
  /** First port, UDP and TCP, one for each worker; 0: free ones. */
  rtcPort: number;
  announcedAddress: string | undefined;
  logger: Pick<Logger, 'warn'>;
}

/** Where a worker's WebRTC is reached: UDP, and TCP for networks that let nothing else through. */
export type ListenInfos = (workerIndex: number) => types.TransportListenInfo[];

/** @throws where the name does not resolve */
export async function listenInfos({ listenIp, rtcPort, announcedAddress, logger }: ListenOptions): Promise<ListenInfos> {
  const { address: ip } = await lookup(listenIp);
  const announced = announcedAddress ?? (ANY_ADDRESS.has(ip) ? ownAddress() : undefined);
  // A candidate must name an address that can be sent to; 0.0.0.0 is none.
  if (announced !== announcedAddress) logger.warn({ announced }, 'MEDIA_ANNOUNCED_ADDRESS is not set: WebRTC is told to send to the first address of this machine');
  return (workerIndex) =>
    (['udp', 'tcp'] as const).map((protocol) => ({
      protocol,
      ip,
      ...(protocol === 'udp' ? { recvBufferSize: RECEIVE_BUFFER_BYTES } : {}),
      ...(announced ? { announcedAddress: announced } : {}),
      ...(rtcPort === 0 ? {} : { port: rtcPort + workerIndex }),
    }));
}

/** First IPv4 address that others may reach, else loopback's. */
function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1';
}
