import { z } from '@hono/zod-openapi';
import { OUTBOX_STATES, type OutboxEntry } from '../../db/outbox-list.repository.ts';
import { EXAMPLE_TIME, timestamp } from './common.ts';

const moment = (description: string) => z.string().nullable().openapi({ format: 'date-time', example: EXAMPLE_TIME, description });

/** A message for other systems as GET /messages shows it. */
export const messageSchema = z
  .object({
    message_id: z.uuid().openapi({ example: '0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a10' }),
    channel_uid: z.uuid().openapi({ example: '0199c6f0-0000-7000-8000-000000000002' }),
    type: z.enum(['order', 'product']).openapi({ example: 'order' }),
    change: z.string().openapi({ example: 'paid' }),
    subject: z.string().openapi({ example: '577000000000000001', description: 'TikTok’s id of the order or product.' }),
    sequence: z.int().openapi({ example: 2 }),
    created_at: timestamp,
    state: z.enum(OUTBOX_STATES).openapi({
      example: 'failing',
      description: 'waiting: on its way. failing: the order service did not take it, and is tried again. gave_up: it did not for seven days. sent: done.',
    }),
    rabbitmq_at: moment('When RabbitMQ confirmed it; null: not yet, or that way was off.'),
    callback: z.object({
      at: moment('When the order service took it; null: not yet, or that way was off.'),
      attempts: z.int().openapi({ example: 3 }),
      error: z.string().nullable().openapi({ example: 'target_failed: The other side answered 500: out of paper', description: 'Of the last attempt.' }),
      next_at: moment('When it is tried again.'),
      gave_up_at: moment('null: it was not given up.'),
    }),
  })
  .openapi('Message');

const iso = (time: Date | null): string | null => time && time.toISOString();

export const toMessageView = (entry: OutboxEntry): z.infer<typeof messageSchema> => ({
  message_id: entry.message_id,
  channel_uid: entry.channel_id,
  type: entry.type,
  change: entry.change,
  subject: entry.subject,
  sequence: entry.sequence,
  created_at: entry.created_at.toISOString(),
  state: entry.state,
  rabbitmq_at: iso(entry.amqp_at),
  callback: { at: iso(entry.http_at), attempts: entry.http_attempts, error: entry.http_error, next_at: iso(entry.http_next_at), gave_up_at: iso(entry.http_gave_up_at) },
});
