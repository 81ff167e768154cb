import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { readForm, readStreamEvent, type StreamEvent } from '../../domain/streaming/stream-event.ts';
import { remoteAddress } from '../client-address.ts';
import { createRouter, type AppEnv, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError, fieldError } from '../errors.ts';
import { isJson, readBytes } from '../json-body.ts';
import { apiRoute, jsonAnswer } from '../route.ts';
import { id } from '../schemas/common.ts';
import { requireStreamEventOrigin } from '../stream-event-origin.ts';
import { takeStreamEvent } from '../stream-event-intake.ts';

const MAX_BYTES = 64 * 1024;

const receive = apiRoute({
  method: 'post',
  path: '/webhook/stream-event',
  access: 'public',
  tags: ['Streams'],
  summary: 'What media servers tell of their encoders and players',
  description:
    'For nginx-rtmp (form posts: on_publish, on_publish_done, on_play, on_update), SRS and others (JSON). Signed by X-Signature (HMAC-SHA256 of the body with STREAM_EVENT_SECRET), ' +
    'by a signed query, or from an address of STREAM_EVENT_ADDRESSES. A publisher with an unknown or revoked key is refused with 403; to a good one nginx-rtmp is answered 302 ' +
    'with the stream’s id, which renames the stream, so that neither players nor we see the key; we then fetch it from RTMP_PULL_URL/<stream id>.',
  rawBody: true,
  request: {
    headers: z.object({
      'x-signature': z.string().optional().openapi({ description: 'HMAC-SHA256, hex, of the body, or of `<X-Timestamp>.<body>`.' }),
      'x-timestamp': z.string().optional().openapi({ example: '1796000000', description: 'Unix seconds; then at most five minutes old.' }),
    }),
    body: {
      required: true,
      content: {
        'application/x-www-form-urlencoded': { schema: { type: 'object' as const, example: { call: 'publish', app: 'live', name: 'sk_…', addr: '192.0.2.7', clientid: '12' } } },
        'application/json': { schema: { type: 'object' as const, example: { event: 'on_publish', key: 'sk_…', client_id: '12', media_server: 'edge-1' } } },
      },
    },
  },
  responses: {
    200: jsonAnswer(z.object({ code: z.literal(0), stream_id: id.nullable() }), 'It is taken; what is asked for is allowed.'),
    302: { description: 'nginx-rtmp: publish, under the name that Location says.' },
  },
});

export function streamEventRoutes(deps: ApiDeps): Router {
  return createRouter().openapi(receive, async (c) => {
    const body = (await readBytes(c.req.raw, MAX_BYTES)) ?? Buffer.alloc(0);
    requireStreamEventOrigin(c, body);
    const isForm = !isJson(c.req.header('content-type'));
    const event = eventOf(c, isForm, body);
    const stream_id = await takeStreamEvent(deps, event, { remote_address: remoteAddress(c), request_id: c.get('requestId'), log: c.get('log') });
    if (isForm && event.kind === 'on_publish') return c.body(null, 302, { Location: stream_id ?? '' });
    return c.json({ code: 0 as const, stream_id }, 200);
  });
}

function eventOf(c: Context<AppEnv>, isForm: boolean, body: Buffer): StreamEvent {
  if (isForm && !/^application\/x-www-form-urlencoded\b/i.test(c.req.header('content-type') ?? '')) throw new ApiError('unsupported_media_type', { detail: 'send application/x-www-form-urlencoded or application/json' });
  const fields = isForm ? readForm(body.toString('utf8')) : jsonOf(body);
  const event = readStreamEvent(fields);
  if (!event) throw fieldError(isForm ? 'call' : 'event', 'says which event it is');
  return event;
}

function jsonOf(body: Buffer): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
  } catch (error) {
    throw new ApiError('malformed_json', {}, { cause: error });
  }
  throw new ApiError('malformed_json', { detail: 'must be an object' });
}
