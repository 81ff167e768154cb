import { randomBytes } from 'node:crypto';
import type { types } from 'mediasoup';
import { AppError } from '../../domain/errors.ts';
import type { RtcTransport } from '../webrtc/rtc-transport.ts';
import type { Offer } from '../webrtc/sdp/offer.ts';

/** What a session's URL stands for. */
export interface WebRtcSession {
  transport: types.WebRtcTransport;
  mids: readonly (string | null)[];
  /** The client's, as it said last: another one asks for an ICE restart. */
  ufrag: string;
}

/** Strong, and another one after each ICE restart: RFC 9725, 4.3.1. */
export const etagOf = ({ transport }: Pick<WebRtcSession, 'transport'>): string => `"${transport.iceParameters.usernameFragment}"`;

/** Sessions by their path; who has the path may end the session, so it can't be guessed. */
export class WebRtcSessions {
  readonly #sessions = new Map<string, WebRtcSession>();

  /** @returns last part of its path. It is forgotten when its transport is over. */
  add({ transport, over }: RtcTransport, offer: Offer): string {
    const id = randomBytes(24).toString('base64url');
    const mids = offer.sections.filter(({ kind }) => kind !== null).map(({ mid }) => mid);
    this.#sessions.set(id, { transport, mids, ufrag: offer.ice.ufrag });
    void over.then(() => this.#sessions.delete(id));
    return id;
  }

  /** @throws AppError media_session_gone */
  get(id: string): WebRtcSession {
    const session = this.#sessions.get(id);
    if (!session || session.transport.closed) throw new AppError('media_session_gone');
    return session;
  }
}
