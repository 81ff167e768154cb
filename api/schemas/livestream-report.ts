import { z } from '@hono/zod-openapi';

const count = z.int().min(0).openapi({ example: 0 });
const seconds = z.number().min(0);
const person = { user_id: z.string().nullable(), username: z.string().nullable(), nickname: z.string().nullable() };
const counts = { comments: count, gifts: count, likes: count, joins: count, follows: count, shares: count };
const estimate = count.nullable();

const gapSchema = z
  .object({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    duration_s: seconds,
    ongoing: z.boolean().openapi({ description: 'There is no connection yet.' }),
    reason: z.string().nullable().openapi({ description: 'Why the connection before it ended.' }),
    recovered: z.object(counts).openapi({ description: 'What TikTok replayed afterwards.' }),
    missed: z
      .object({ likes: estimate, follows: estimate, shares: estimate })
      .openapi({
        description:
          'By how much TikTok’s running totals grew beyond that; null where TikTok states none. Of comments, gifts and joins it states none at all.',
      }),
  })
  .openapi('Gap');

const connectionSchema = z
  .object({
    connected_at: z.iso.datetime(),
    disconnected_at: z.iso.datetime().nullable(),
    duration_s: seconds,
    reason: z.string().nullable(),
    decode_failures: count.openapi({ description: 'Messages that could not be decoded.' }),
    dropped_events: count.openapi({ description: 'Events dropped because the buffer was full.' }),
  })
  .openapi('Connection');

export const reportSchema = z
  .object({
    livestream_id: z.uuid(),
    status: z.string(),
    started_at: z.iso.datetime().nullable().openapi({ description: 'First connection; null: there was none.' }),
    ended_at: z.iso.datetime().nullable(),
    duration_s: seconds.openapi({ description: 'From the first connection to the end, or to now.' }),
    connected_s: seconds.openapi({ description: 'Of that, with a connection.' }),
    totals: z.object({ events: count, ...counts }),
    by_minute: z
      .object({
        from: z.iso.datetime(),
        to: z.iso.datetime(),
        items: z.array(z.object({ minute: z.iso.datetime(), events: count, diamonds: count, ...counts })),
      })
      .openapi({ description: 'By TikTok’s time; minutes without events are left out.' }),
    top_gifters: z.array(z.object({ ...person, diamonds: count, gifts: count })),
    top_commenters: z.array(z.object({ ...person, comments: count })),
    connections: z.array(connectionSchema),
    gaps: z.array(gapSchema),
    decode_failures: count,
    dropped_events: count,
  })
  .openapi('LivestreamReport');
