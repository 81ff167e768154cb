import { z } from 'zod';

/** What shall go wrong with the next calls of messages:send. Without any effect it only counts. */
export const faultSchema = z
  .strictObject({
    /** Only messages to this device. */
    device_token: z.string().min(1).max(4_096).optional(),
    times: z.number().int().min(1).max(1_000_000).default(1),
    /** So many calls go through before. */
    skip: z.number().int().min(0).max(1_000_000).default(0),
    delay_ms: z.number().int().min(0).max(600_000).default(0),
    answer: z
      .strictObject({
        status: z.number().int().min(400).max(599),
        /** FCM's own, such as QUOTA_EXCEEDED; absent: there is none in the answer. */
        code: z.string().min(1).max(100).optional(),
        message: z.string().max(2_000).default('Internal error encountered.'),
        /** Instead of Google's JSON: any text. */
        body: z.string().max(100_000).optional(),
        retry_after_s: z.number().int().min(0).max(86_400).optional(),
        /** The message is taken all the same, and then the delay begins: its answer is what gets lost. */
        acted: z.boolean().default(false),
      })
      .optional(),
  });
export type FaultInput = z.infer<typeof faultSchema>;

export const deviceSchema = z.strictObject({ state: z.enum(['good', 'unregistered', 'invalid', 'mismatch']) });
