import type { PushMessage, PushResult, PushService } from '../../domain/contracts/push.ts';
import { createAccessTokens, NoAccessToken } from './access-token.ts';
import { resultOf } from './fcm-answer.ts';
import { createPoster } from './post.ts';

export interface FcmOptions {
  projectId: string;
  /** Of FCM, without a path. */
  url: string;
  /** Path of the service account's key, and where it is exchanged for access tokens. */
  keyFile: string;
  tokenUrl: string;
  /** Of one call, milliseconds. Default 10,000, FCM's own advice. */
  timeoutMs?: number;
}

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';

/** Firebase Cloud Messaging: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send */
export function createFcm({ projectId, url, keyFile, tokenUrl, timeoutMs = 10_000 }: FcmOptions): PushService {
  const poster = createPoster(timeoutMs);
  const tokens = createAccessTokens({ keyFile, tokenUrl, scope: SCOPE, poster });
  const sendUrl = `${url.replace(/\/+$/, '')}/v1/projects/${encodeURIComponent(projectId)}/messages:send`;

  const attempt = async (message: PushMessage, isSecond: boolean): Promise<PushResult> => {
    const token = await tokens.get();
    const answer = await poster.post(sendUrl, { 'content-type': 'application/json', authorization: `Bearer ${token}` }, JSON.stringify({ message: toFcm(message) }));
    if (answer.status !== 401 || isThirdParty(answer.text)) return resultOf(answer);
    tokens.forget(token);
    return isSecond ? resultOf(answer) : attempt(message, true);
  };

  return {
    async send(message) {
      try {
        return await attempt(message, false);
      } catch (error) {
        const reason = error instanceof NoAccessToken ? error.message : `FCM (FCM_URL): ${error instanceof Error ? error.message : String(error)}`;
        return { kind: 'later', reason: reason.slice(0, 300), retry_after_ms: error instanceof NoAccessToken ? error.retryAfterMs : null, is_everybody: true };
      }
    },
    close: () => poster.close(),
  };
}

/** A 401 of Apple's push service, not of our access token. */
const isThirdParty = (text: string): boolean => text.includes('THIRD_PARTY_AUTH_ERROR');

/**
 * FCM's Message. The notification's id stands for it everywhere: in `data`, for apps; as Android's tag and Apple's collapse id, so that one
 * that arrives twice is shown once. No collapse_key: a device holds four of them at most, and forgets the rest.
 */
export function toFcm({ device_token, notification_id, kind, title, body, sender_id, video_id, subject_id, ttl_s }: PushMessage) {
  const optional = Object.entries({ sender_id, video_id, subject_id }).filter((entry): entry is [string, string] => entry[1] !== null);
  return {
    token: device_token,
    notification: { title, body },
    data: { notification_id, type: kind, ...Object.fromEntries(optional) },
    android: { priority: 'HIGH', ttl: `${ttl_s}s`, notification: { tag: notification_id } },
    apns: {
      headers: { 'apns-priority': '10', 'apns-collapse-id': notification_id, 'apns-expiration': String(Math.floor(Date.now() / 1_000) + ttl_s) },
      payload: { aps: { sound: 'default', 'thread-id': kind } },
    },
  };
}
