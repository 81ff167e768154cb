import { expect, test } from '@jest/globals';
import type { PushMessage } from '../../domain/contracts/push.ts';
import { messageSchema, payloadBytes, MAX_PAYLOAD_BYTES } from '../../sandbox/fcm/message.ts';
import { pushWords } from '../../domain/social/notification.ts';
import { resultOf } from '../../social/push/fcm-answer.ts';
import { toFcm } from '../../social/push/fcm.ts';

const ID = '0190a1b2-0000-7000-8000-0000000000e1';
const MESSAGE: PushMessage = { device_token: 'token', platform: 'ios', notification_id: ID, kind: 'gift', title: 'You got a gift', body: 'a Rose', sender_id: ID, video_id: null, subject_id: null, ttl_s: 86_400 };

const FCM_ERROR = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';
const fault = (code: number, status: string, message: string, details: object[] = []) => ({ status: code, text: JSON.stringify({ error: { code, message, status, details } }), retry_after_ms: null });
const fcmError = (errorCode: string) => ({ '@type': FCM_ERROR, errorCode });
const violation = (field: string) => ({ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field, description: 'Invalid' }] });

test.each([
  ['a token that is no device’s any more', fault(404, 'NOT_FOUND', 'Requested entity was not found.', [fcmError('UNREGISTERED')]), 'gone'],
  ['a malformed token, as documented', fault(400, 'INVALID_ARGUMENT', 'The registration token is not a valid FCM registration token', [fcmError('INVALID_ARGUMENT')]), 'gone'],
  ['a malformed token, by its field', fault(400, 'INVALID_ARGUMENT', 'Request contains an invalid argument.', [fcmError('INVALID_ARGUMENT'), violation('message.token')]), 'gone'],
  ['a payload that is ours to mend', fault(400, 'INVALID_ARGUMENT', 'Invalid value', [violation('message.data[0].value')]), 'refused'],
  ['a payload that is too large', fault(400, 'INVALID_ARGUMENT', 'Request contains an invalid argument.'), 'refused'],
  ['another project’s token', fault(403, 'PERMISSION_DENIED', 'SenderId mismatch', [fcmError('SENDER_ID_MISMATCH')]), 'refused'],
  ['an APNs key that Apple does not know', fault(401, 'UNAUTHENTICATED', 'Auth error from APNS', [fcmError('THIRD_PARTY_AUTH_ERROR')]), 'refused'],
])('%s', (_what, answer, kind) => {
  expect(resultOf(answer)).toMatchObject({ kind, reason: expect.stringContaining(String(answer.status)) });
});

test.each([
  ['a server’s fault', fault(500, 'INTERNAL', 'Internal error', [fcmError('INTERNAL')]), null],
  ['a gateway’s page', { status: 502, text: '<!DOCTYPE html>', retry_after_ms: 5_000 }, 5_000],
  ['a quota without a time', fault(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded', [fcmError('QUOTA_EXCEEDED')]), 60_000],
  ['a project that is not there, which is our set-up', fault(404, 'NOT_FOUND', 'Requested entity was not found.'), null],
  ['an account without the right', fault(403, 'PERMISSION_DENIED', 'Permission denied'), null],
  ['a redirect', { status: 302, text: '', retry_after_ms: null }, null],
])('%s is waited for by everybody', (_what, answer, retry_after_ms) => {
  expect(resultOf(answer)).toMatchObject({ kind: 'later', is_everybody: true, retry_after_ms });
});

test('what FCM gets is what it takes, ids and all, below its bound even with the longest words', () => {
  const taken = messageSchema.parse(toFcm(MESSAGE));
  expect(taken.data).toEqual({ notification_id: ID, type: 'gift', sender_id: ID });
  expect([taken.android?.notification?.tag, taken.apns?.headers?.['apns-collapse-id']]).toEqual([ID, ID]);
  const longest = toFcm({ ...MESSAGE, ...pushWords({ kind: 'comment', text: '👩‍👩‍👧‍👦'.repeat(500) }), video_id: ID, subject_id: ID });
  expect(payloadBytes(messageSchema.parse(longest))).toBeLessThan(MAX_PAYLOAD_BYTES);
});
