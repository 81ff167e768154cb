import type { Context } from 'hono';
import { AppError } from '../../domain/errors.ts';
import { openPlayer } from '../webrtc/player.ts';
import { readOffer } from '../webrtc/sdp/offer.ts';
import { AddressLimit } from './address-limit.ts';
import { sessionPath, type WebRtcRouteOptions } from './webrtc-options.ts';
import { addressOf, bearerOf, bodyOf, withHints } from './webrtc-request.ts';
import { addSessionRoutes, answerCreated, refuseOthers } from './webrtc-session-routes.ts';
import { etagOf, WebRtcSessions } from './webrtc-sessions.ts';

/** Viewers behind one address who have not connected yet: a class that opens the page at once has room. */
const MOST_CONNECTING = 100;

/** WHEP: https://datatracker.ietf.org/doc/draft-ietf-wish-whep/. The client offers to receive; the token stands in Authorization or in ?token=. */
export function addWhepRoutes(options: WebRtcRouteOptions): void {
  const { http } = options;
  const known = new WebRtcSessions();
  const limit = new AddressLimit(MOST_CONNECTING);
  http.post('/whep/:stream_id', (c) => withHints(c, () => begin(c, options, known, limit)));
  refuseOthers(http, '/whep/:stream_id', 'POST, OPTIONS');
  addSessionRoutes(http, '/whep/:stream_id/:session', known);
}

async function begin(c: Context, options: WebRtcRouteOptions, known: WebRtcSessions, limit: AddressLimit): Promise<Response> {
  const { gate, host, stages, links, trustedProxies, logger, connectMs } = options;
  const grant = await gate.viewer(c.req.param('stream_id')!, bearerOf(c) || c.req.query('token') || null);
  if (grant.host && grant.host.id !== host.id) return c.redirect(grant.host.public_url.replace(/\/+$/, '') + c.req.path + new URL(c.req.url).search, 307);
  const offer = readOffer(await bodyOf(c, 'application/sdp'));
  const stage = stages.find(grant.stream_id);
  if (!stage) throw new AppError('stream_not_live');
  const leave = limit.enter(addressOf(c, trustedProxies));
  try {
    const { rtc, answer } = await openPlayer({ stage, offer, logger, connectMs });
    rtc.connected.then(leave, leave);
    const location = sessionPath(options, `/whep/${grant.stream_id}/${known.add(rtc, offer)}`);
    return answerCreated(c, { location, etag: etagOf(rtc), links, answer });
  } catch (error) {
    leave();
    throw error;
  }
}
