import { z } from 'zod';

const texts = z.record(z.string(), z.string());

/** Keys that FCM keeps for itself. */
const RESERVED = /^(from|message_type|gcm.*|google.*)$/;

/** Message of FCM HTTP v1, as far as the product can use it: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages */
export const messageSchema = z.strictObject({
  token: z.string().min(1),
  notification: z.strictObject({ title: z.string().optional(), body: z.string().optional(), image: z.string().optional() }).optional(),
  data: texts.refine((data) => !Object.keys(data).some((key) => RESERVED.test(key)), 'has a key that FCM keeps for itself').optional(),
  android: z
    .strictObject({
      collapse_key: z.string().optional(),
      priority: z.enum(['NORMAL', 'HIGH']).optional(),
      ttl: z.string().regex(/^\d+(\.\d{1,9})?s$/).refine((ttl) => Number.parseFloat(ttl) <= 2_419_200, 'is longer than four weeks').optional(),
      notification: z.strictObject({ tag: z.string().optional(), channel_id: z.string().optional(), icon: z.string().optional(), sound: z.string().optional() }).optional(),
      data: texts.optional(),
    })
    .optional(),
  apns: z.strictObject({ headers: texts.optional(), payload: z.looseObject({ aps: z.looseObject({}).optional() }).optional() }).optional(),
});
export type FcmMessage = z.infer<typeof messageSchema>;

export const sendSchema = z.strictObject({ message: messageSchema, validate_only: z.boolean().optional() });

/** Of notification, data and what else a device gets. */
export const MAX_PAYLOAD_BYTES = 4_096;
export const payloadBytes = ({ notification = {}, data = {} }: FcmMessage): number => Buffer.byteLength(JSON.stringify(notification)) + Buffer.byteLength(JSON.stringify(data));
/** APNs takes no longer one. */
export const MAX_COLLAPSE_ID_BYTES = 64;
