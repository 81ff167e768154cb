import { z } from 'zod';
import { parseLossless } from './lossless-json.ts';

/** A webhook signed longer ago than this is refused; TikTok prescribes no tolerance. */
export const WEBHOOK_TOLERANCE_S = 300;

export interface WebhookSignature {
  /** As it stands in the header: the signed text is `${timestamp}.${body}`. */
  timestamp: string;
  /** Unix seconds. */
  timestamp_s: number;
  /** Lower-case hex of an HMAC-SHA256. */
  signature: string;
}

/** The header TikTok-Signature, `t=<unix seconds>,s=<hex>`; null where it is not that. See https://developers.tiktok.com/doc/webhooks-verification. */
export function parseSignatureHeader(header: string | null | undefined): WebhookSignature | null {
  if (!header || header.length > 500) return null;
  const parts = header.split(',').map((part) => part.trim().split('=', 2));
  const valueOf = (name: string): string[] => parts.filter(([key]) => key?.trim() === name).map(([, value]) => value?.trim() ?? '');
  const [timestamp, ...otherTimes] = valueOf('t');
  const [signature, ...otherSignatures] = valueOf('s');
  // A header with two of one kind says nothing certain.
  if (otherTimes.length > 0 || otherSignatures.length > 0) return null;
  if (!timestamp || !/^\d{1,12}$/.test(timestamp) || !signature || !/^[0-9a-fA-F]{64}$/.test(signature)) return null;
  return { timestamp, timestamp_s: Number(timestamp), signature: signature.toLowerCase() };
}

/** Whether a webhook was signed recently, by both clocks; @param nowMs epoch milliseconds */
export const isFresh = (timestampS: number, nowMs: number, toleranceS = WEBHOOK_TOLERANCE_S): boolean => Math.abs(nowMs / 1_000 - timestampS) <= toleranceS;

interface WebhookBase {
  /** TikTok's name of the event, misspellings included. */
  event: string;
  client_key: string;
  user_openid: string;
  /** Unix seconds. */
  create_time_s: number;
}
export type TikTokWebhookEvent =
  | (WebhookBase & { kind: 'publish_failed'; publish_id: string; reason: string; publish_type: string | null })
  | (WebhookBase & { kind: 'publish_complete' | 'inbox_delivered'; publish_id: string; publish_type: string | null })
  | (WebhookBase & { kind: 'publicly_available' | 'no_longer_publicly_available'; publish_id: string; post_id: string; publish_type: string | null })
  | (WebhookBase & { kind: 'authorization_removed'; reason: number; reason_words: string })
  /** Not for us: another product of TikTok's, or an event that came later than this list. */
  | (WebhookBase & { kind: 'ignored' });

export type WebhookParse = { ok: true; event: TikTokWebhookEvent } | { ok: false; reason: string };

/** An id that JSON carries as string or number. */
const id = z.union([z.string().min(1), z.number().int()]).transform(String);
const text = z.union([z.string(), z.number()]).transform(String);
const envelopeSchema = z.object({
  client_key: z.string().default(''),
  event: z.string().min(1),
  create_time: z.coerce.number().int().nonnegative().default(0),
  user_openid: text.default(''),
  // Documented as a string of JSON; an object is taken too.
  content: z.union([z.string(), z.record(z.string(), z.unknown())]).default('{}'),
});
const publish_type = text.nullish().transform((value) => value ?? null);
const publishSchema = z.object({ publish_id: id, publish_type });
const failedSchema = publishSchema.extend({ reason: text.nullish().transform((value) => value ?? '') });
const postSchema = publishSchema.extend({ post_id: id });
const removedSchema = z.object({ reason: z.coerce.number().int().catch(0) });

/** Reasons of authorization.removed: https://developers.tiktok.com/doc/webhooks-events. */
const REMOVED_WORDS = [
  'TikTok gave no reason',
  'the person disconnected the app in TikTok',
  'the TikTok account was deleted',
  'the age of the TikTok account was changed',
  'TikTok banned the account',
  'the consent was revoked by the app',
] as const;

const PUBLISH_KINDS = {
  'post.publish.complete': 'publish_complete',
  'post.publish.inbox_delivered': 'inbox_delivered',
} as const;
const POST_KINDS = {
  'post.publish.publicly_available': 'publicly_available',
  'post.publish.no_longer_publicaly_available': 'no_longer_publicly_available',
  'post.publish.no_longer_publicly_available': 'no_longer_publicly_available',
} as const;

/** A webhook's body, whose `content` is JSON inside JSON; ids come out as strings whatever they were. */
export function parseWebhook(rawBody: string): WebhookParse {
  try {
    const { content, create_time, ...envelope } = envelopeSchema.parse(parseLossless(rawBody));
    const details = typeof content === 'string' ? parseLossless(content || '{}') : content;
    return { ok: true, event: toEvent({ ...envelope, create_time_s: create_time }, details) };
  } catch (error) {
    if (error instanceof z.ZodError) return { ok: false, reason: error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') };
    if (error instanceof SyntaxError) return { ok: false, reason: `not JSON: ${error.message}` };
    throw error;
  }
}

function toEvent(base: WebhookBase, details: unknown): TikTokWebhookEvent {
  const { event } = base;
  if (event === 'authorization.removed') {
    const { reason } = removedSchema.parse(details);
    return { ...base, kind: 'authorization_removed', reason, reason_words: REMOVED_WORDS[reason] ?? `TikTok’s reason ${reason}` };
  }
  if (event === 'post.publish.failed') return { ...base, kind: 'publish_failed', ...failedSchema.parse(details) };
  if (isKey(PUBLISH_KINDS, event)) return { ...base, kind: PUBLISH_KINDS[event], ...publishSchema.parse(details) };
  if (isKey(POST_KINDS, event)) return { ...base, kind: POST_KINDS[event], ...postSchema.parse(details) };
  return { ...base, kind: 'ignored' };
}

const isKey = <T extends object>(table: T, key: PropertyKey): key is keyof T => Object.hasOwn(table, key);
