import type { types } from 'mediasoup';
import { AppError } from '../../domain/errors.ts';
import type { Stage } from '../stage.ts';
import type { Offer } from './sdp/offer.ts';

/** A client that has not come through by then will not: ICE gives up earlier. */
export const CONNECT_MS = 15_000;
/** Checks of the line (RFC 7675) come about every 5 s; a client may restart ICE until then. */
const CONSENT_S = 20;

export interface RtcTransportOptions {
  stage: Stage;
  router: types.Router;
  offer: Offer;
  /** Bits a second. */
  initialOutgoingBitrate?: number;
  maxIncomingBitrate?: number;
  connectMs?: number;
}

export interface RtcTransport {
  transport: types.WebRtcTransport;
  /** The handshake is done; rejects where the transport closes before. */
  connected: Promise<void>;
  /** Why it is over. Never rejects. */
  over: Promise<TransportEnd>;
}

/** router: its mediasoup worker died, or the stage was closed. closed: by us. */
export type TransportEnd = { kind: 'never_connected' } | { kind: 'lost'; detail: string } | { kind: 'router' } | { kind: 'closed' };

/** Opens our side for an offer: one transport for all of its media. It is closed for good once it is over. @throws AppError sdp_invalid, media_worker_died */
export async function openTransport(options: RtcTransportOptions): Promise<RtcTransport> {
  const { stage, router, offer, initialOutgoingBitrate, maxIncomingBitrate, connectMs = CONNECT_MS } = options;
  if (router.closed) throw new AppError('media_worker_died');
  const transport = await router.createWebRtcTransport({
    webRtcServer: stage.webRtcServerOf(router),
    enableUdp: true,
    enableTcp: true,
    preferUdp: true,
    iceConsentTimeout: CONSENT_S,
    ...(initialOutgoingBitrate ? { initialAvailableOutgoingBitrate: initialOutgoingBitrate } : {}),
  });
  const life = watch(transport, connectMs);
  try {
    if (maxIncomingBitrate) await transport.setMaxIncomingBitrate(maxIncomingBitrate);
    await asClientsFault(router, () => transport.connect({ dtlsParameters: offer.dtls }));
    return { transport, ...life };
  } catch (error) {
    transport.close();
    throw error;
  }
}

function watch(transport: types.WebRtcTransport, connectMs: number): Pick<RtcTransport, 'connected' | 'over'> {
  const connected = deferred<void>();
  const over = deferred<TransportEnd>();
  const deadline = setTimeout(() => end({ kind: 'never_connected' }), connectMs);
  const end = (how: TransportEnd): void => {
    clearTimeout(deadline);
    over.resolve(how);
    connected.reject(new Error('the transport is over'));
    transport.close();
  };
  // Whoever does not wait for it has `over`.
  connected.promise.catch(() => undefined);
  transport.on('dtlsstatechange', (state) => {
    if (state === 'connected') {
      clearTimeout(deadline);
      connected.resolve();
    }
    if (state === 'failed') end({ kind: 'lost', detail: 'the DTLS handshake failed' });
    if (state === 'closed') end({ kind: 'lost', detail: 'the other side closed DTLS' });
  });
  transport.on('icestatechange', (state) => {
    if (state === 'disconnected') end({ kind: 'lost', detail: `no check of the line for ${CONSENT_S} s` });
  });
  transport.on('routerclose', () => end({ kind: 'router' }));
  transport.observer.once('close', () => end({ kind: 'closed' }));
  return { connected: connected.promise, over: over.promise };
}

interface Deferred<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: Error) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve!: Deferred<T>['resolve'];
  let reject!: Deferred<T>['reject'];
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/**
 * For one call of mediasoup: it refuses by TypeError and UnsupportedError what the client described wrongly.
 * @throws AppError sdp_invalid, codec_unsupported, media_worker_died instead
 */
export async function asClientsFault<T>(router: types.Router, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (router.closed) throw new AppError('media_worker_died', null, { cause: error });
    const { name, message } = error as Error;
    if (name === 'UnsupportedError') throw new AppError('codec_unsupported', message, { cause: error });
    if (name === 'TypeError') throw new AppError('sdp_invalid', message, { cause: error });
    throw error;
  }
}
