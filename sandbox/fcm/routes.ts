import { Hono, type Context } from 'hono';
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { MAX_COLLAPSE_ID_BYTES, MAX_PAYLOAD_BYTES, payloadBytes, sendSchema, type FcmMessage } from './message.ts';
import { refusalOfGrant } from './token.ts';
import type { FcmWorld, TokenState } from './world.ts';

export interface FcmRoutesOptions {
  /** Access tokens of other stand-ins of Google that hold here, too. */
  isToken: (token: string) => boolean;
}

type Status = 400 | 401 | 403 | 404;

/** Google's token endpoint for service accounts, and projects.messages.send of FCM HTTP v1. */
export function fcmRoutes(world: FcmWorld, { isToken }: FcmRoutesOptions): Hono {
  const app = new Hono();

  app.post('/fcm/token', async (c) => {
    const refusal = refusalOfGrant(world, new URLSearchParams(await c.req.text()), c.req.url);
    return refusal ? c.json(refusal, 400) : c.json({ ...world.mint(), token_type: 'Bearer' });
  });

  app.post('/v1/projects/:project/:method{messages:send}', async (c) => {
    world.calls += 1;
    const body = await c.req.json<unknown>().catch(() => null);
    const fault = world.faults.take({ token: tokenOf(body) });
    const wait = (): Promise<void> => delay(fault?.delay_ms ?? 0, undefined, { ref: false });
    if (!fault?.answer?.acted) await wait();
    if (fault?.answer && !fault.answer.acted) return answered(c, fault.answer);
    const bearer = /^Bearer (.+)$/.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
    if (!((world.tokens.get(bearer) ?? 0) > Date.now() || isToken(bearer))) return refused(c, 401, 'UNAUTHENTICATED', null, 'Request had invalid authentication credentials.');
    const parsed = sendSchema.safeParse(body);
    if (!parsed.success) return malformed(c, parsed.error);
    const { message } = parsed.data;
    const trouble = troubleOf(message, world.devices.get(message.token) ?? null);
    if (trouble) return refused(c, ...trouble);
    const name = world.take(c.req.param('project'), message);
    if (!fault?.answer) return c.json({ name });
    await wait();
    return answered(c, fault.answer);
  });
  return app;
}

const tokenOf = (body: unknown): string | null => (body as { message?: { token?: string } } | null)?.message?.token ?? null;

function troubleOf(message: FcmMessage, state: TokenState | null): [Status, string, string | null, string] | null {
  if (state === 'unregistered') return [404, 'NOT_FOUND', 'UNREGISTERED', 'Requested entity was not found.'];
  if (state === 'invalid') return [400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT', 'The registration token is not a valid FCM registration token'];
  if (state === 'mismatch') return [403, 'PERMISSION_DENIED', 'SENDER_ID_MISMATCH', 'SenderId mismatch'];
  if (payloadBytes(message) > MAX_PAYLOAD_BYTES) return [400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT', 'Message is too big.'];
  if (Buffer.byteLength(message.apns?.headers?.['apns-collapse-id'] ?? '') > MAX_COLLAPSE_ID_BYTES) return [400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT', 'Invalid apns-collapse-id.'];
  return null;
}

const FCM_ERROR = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';

const refused = (c: Context, status: Status, canonical: string, errorCode: string | null, message: string): Response =>
  c.json({ error: { code: status, message, status: canonical, details: errorCode === null ? [] : [{ '@type': FCM_ERROR, errorCode }] } }, status);

function malformed(c: Context, error: z.ZodError): Response {
  const fieldViolations = error.issues.map(({ path, message }) => ({ field: path.join('.'), description: message }));
  const details = [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations }];
  return c.json({ error: { code: 400, message: `Invalid JSON payload received. ${fieldViolations[0]?.description ?? ''}`, status: 'INVALID_ARGUMENT', details } }, 400);
}

function answered(c: Context, { status, code, message, body, retry_after_s }: { status: number; code?: string | undefined; message: string; body?: string | undefined; retry_after_s?: number | undefined }): Response {
  const headers: Record<string, string> = retry_after_s === undefined ? {} : { 'retry-after': String(retry_after_s) };
  if (body !== undefined) return c.body(body, status as 500, headers);
  return c.json({ error: { code: status, message, status: code ?? 'INTERNAL', details: code === undefined ? [] : [{ '@type': FCM_ERROR, errorCode: code }] } }, status as 500, headers);
}
