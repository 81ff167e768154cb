import type { Context, Hono } from 'hono';
import { AppError } from '../../domain/errors.ts';
import type { PublishGrant } from '../live-session.ts';
import { openPublisher, takeOffer } from '../webrtc/publisher.ts';
import { readOffer } from '../webrtc/sdp/offer.ts';
import { AddressLimit } from './address-limit.ts';
import { sessionPath, type WebRtcRouteOptions } from './webrtc-options.ts';
import { addressOf, bearerOf, bodyOf, withHints } from './webrtc-request.ts';
import { addSessionRoutes, answerCreated, refuseOthers } from './webrtc-session-routes.ts';
import { etagOf, WebRtcSessions } from './webrtc-sessions.ts';

/** Encoders behind one address: more than a studio has. */
const MOST_PER_ADDRESS = 20;

/** WHIP: https://www.rfc-editor.org/rfc/rfc9725. POST /whip goes by the stream key, POST /whip/{stream_id} also by its owner's access token. */
export function addWhipRoutes(options: WebRtcRouteOptions): void {
  const { http } = options;
  const known = new WebRtcSessions();
  const limit = new AddressLimit(MOST_PER_ADDRESS);
  const publish = (c: Context): Promise<Response> => withHints(c, () => begin(c, options, known, limit));
  http.post('/whip', publish);
  http.post('/whip/:stream_id', publish);
  refuseOthers(http, '/whip', 'POST, OPTIONS');
  refuseOthers(http, '/whip/:stream_id', 'POST, OPTIONS');
  addSessionRoutes(http as Hono, '/whip/:stream_id/:session', known);
}

async function begin(c: Context, options: WebRtcRouteOptions, known: WebRtcSessions, limit: AddressLimit): Promise<Response> {
  const { gate, sessions, stages, links, trustedProxies, logger, connectMs } = options;
  const grant = await grantOf(c, gate);
  const offer = readOffer(await bodyOf(c, 'application/sdp'));
  const taken = takeOffer(offer, stages.capabilities);
  const address = addressOf(c, trustedProxies);
  const leave = limit.enter(address);
  try {
    const request_id = c.res.headers.get('x-request-id');
    const session = await sessions.begin({ grant, kind: 'whip', remote_address: address, user_agent: c.req.header('user-agent') ?? null, request_id });
    void session.ended.then(leave);
    const { rtc, answer } = await openPublisher({ session, offer, taken, logger, connectMs });
    const location = sessionPath(options, `/whip/${grant.stream_id}/${known.add(rtc, offer)}`);
    return answerCreated(c, { location, etag: etagOf(rtc), links, answer });
  } catch (error) {
    leave();
    throw error;
  }
}

async function grantOf(c: Context, gate: WebRtcRouteOptions['gate']): Promise<PublishGrant> {
  const bearer = bearerOf(c);
  const streamId = c.req.param('stream_id');
  if (bearer === '') throw new AppError('stream_key_missing');
  if (streamId === undefined) return gate.publisherByKey(bearer);
  if (!bearer.startsWith('sk_')) return gate.publisherByToken(bearer, streamId);
  const grant = await gate.publisherByKey(bearer);
  if (grant.stream_id !== streamId) throw new AppError('stream_key_unknown', 'This is the key of another stream.');
  return grant;
}
