import { z } from 'zod';
import type { PushResult } from '../../domain/contracts/push.ts';
import type { PostAnswer } from './post.ts';

/** What FCM says when it does not take a message: https://firebase.google.com/docs/cloud-messaging/error-codes */
const faultSchema = z.object({
  error: z.object({
    message: z.string().catch(''),
    status: z.string().catch(''),
    details: z.array(z.looseObject({ errorCode: z.string().optional().catch(undefined), fieldViolations: z.array(z.looseObject({ field: z.string().catch('') })).optional().catch(undefined) })).catch([]),
  }),
});

/** FCM's own advice for a quota without Retry-After. */
const QUOTA_MS = 60_000;
/** A service that sends us away for longer is asked again all the same. */
const LONGEST_WAIT_MS = 3_600_000;

/** @param answer to projects.messages.send */
export function resultOf({ status, text, retry_after_ms: said_ms }: PostAnswer): PushResult {
  const retry_after_ms = said_ms === null ? null : Math.min(said_ms, LONGEST_WAIT_MS);
  if (status >= 200 && status < 300) return { kind: 'sent' };
  const fault = faultSchema.safeParse(parseJson(text)).data?.error;
  const code = fault?.details.find(({ errorCode }) => errorCode !== undefined)?.errorCode ?? fault?.status ?? '';
  const reason = `FCM answered ${status} ${code}: ${fault?.message ?? text}`.replace(/\s+/g, ' ').trim().slice(0, 300);
  if (code === 'UNREGISTERED') return { kind: 'gone', reason };
  if (status === 400) return isAboutToken(fault) ? { kind: 'gone', reason } : { kind: 'refused', reason };
  // The token is of another project's app, or Apple does not know our key: nothing that this message could do better.
  if (code === 'SENDER_ID_MISMATCH' || code === 'THIRD_PARTY_AUTH_ERROR') return { kind: 'refused', reason };
  if (status === 413) return { kind: 'refused', reason };
  // Too many to this one device; all others may go on.
  if (status === 429 && /device/i.test(fault?.message ?? '')) return { kind: 'later', reason, retry_after_ms: retry_after_ms ?? QUOTA_MS, is_everybody: false };
  // What is left is the service, or our set-up (the project's name, the account's rights), which somebody can put right.
  return { kind: 'later', reason, retry_after_ms: retry_after_ms ?? (status === 429 ? QUOTA_MS : null), is_everybody: true };
}

/** FCM says INVALID_ARGUMENT of a payload, too: a fault of ours must not cost a user their device. */
function isAboutToken(fault: z.infer<typeof faultSchema>['error'] | undefined): boolean {
  if (!fault) return false;
  const fields = fault.details.flatMap(({ fieldViolations = [] }) => fieldViolations.map(({ field }) => field));
  return fields.includes('message.token') || (fields.length === 0 && /registration token/i.test(fault.message));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
