import type { Context, Hono } from 'hono';
import { AppError } from '../../domain/errors.ts';
import { readFragment, writeFragment } from '../webrtc/sdp/fragment.ts';
import { bodyOf } from './webrtc-request.ts';
import { etagOf, type WebRtcSession, type WebRtcSessions } from './webrtc-sessions.ts';

const FRAGMENT = 'application/trickle-ice-sdpfrag';

export interface CreatedSession {
  location: string;
  etag: string;
  links: readonly string[];
  answer: string;
}

/** 201 of RFC 9725, 4.2. */
export function answerCreated(c: Context, { location, etag, links, answer }: CreatedSession): Response {
  c.header('Location', location);
  c.header('ETag', etag);
  c.header('Accept-Patch', FRAGMENT);
  for (const link of links) c.header('Link', link, { append: true });
  return c.body(answer, 201, { 'content-type': 'application/sdp' });
}

/** What WHIP and WHEP sessions have in common: trickle and ICE restart by PATCH, the end by DELETE, and nothing else. */
export function addSessionRoutes(http: Hono, path: `/${string}/:session`, sessions: WebRtcSessions): void {
  http.patch(path, (c) => patch(c, sessions.get(c.req.param('session')!)));
  http.delete(path, (c) => {
    // Its WHIP session ends for `closed` with it.
    sessions.get(c.req.param('session')!).transport.close();
    return c.body(null, 200);
  });
  refuseOthers(http, path, 'PATCH, DELETE, OPTIONS');
}

/** RFC 9725, 4.2: methods that are kept for later are refused. */
export function refuseOthers(http: Hono, path: string, allow: string): void {
  http.all(path, (c) => {
    c.header('Allow', allow);
    throw new AppError('method_not_allowed', `Here are ${allow}.`);
  });
}

async function patch(c: Context, session: WebRtcSession): Promise<Response> {
  const body = await bodyOf(c, FRAGMENT);
  const ifMatch = c.req.header('if-match');
  if (ifMatch === undefined) throw new AppError('media_etag_missing');
  const credentials = readFragment(body);
  if (ifMatch !== '*' && !ifMatch.split(',').some((etag) => etag.trim() === etagOf(session))) throw new AppError('media_etag');
  if (ifMatch === '*' && !credentials) throw new AppError('sdp_invalid', 'an ICE restart needs a=ice-ufrag and a=ice-pwd');
  // Candidates of the same ICE session: the client calls us, we need none.
  if (!credentials || (ifMatch !== '*' && credentials.ufrag === session.ufrag)) return c.body(null, 204);
  return restart(c, session, credentials.ufrag);
}

async function restart(c: Context, session: WebRtcSession, ufrag: string): Promise<Response> {
  const iceParameters = await session.transport.restartIce();
  session.ufrag = ufrag;
  c.header('ETag', etagOf(session));
  const { iceCandidates } = session.transport;
  return c.body(writeFragment({ iceParameters, iceCandidates }, session.mids), 200, { 'content-type': FRAGMENT });
}
