import { z } from '@hono/zod-openapi';
import type { ChannelRow } from '../../db/channel.repository.ts';
import { createJob } from '../../db/job.repository.ts';
import { listSetAside } from '../../db/shop-set-aside.repository.ts';
import { listSyncCursors } from '../../db/shop-sync.repository.ts';
import { requireChannel, requireUsableChannel } from '../channel-of.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { apiRoute, jsonAnswer } from '../route.ts';
import { channelSyncSchema, toChannelSync } from '../schemas/channel-sync.ts';
import { EXAMPLE_ID, id } from '../schemas/common.ts';
import { uuid } from '../schemas/uuid.ts';

const DAY_MS = 86_400_000;
const SHOWN_ASIDE = 100;

const channelParam = z.object({ channel_uid: uuid().openapi({ param: { name: 'channel_uid', in: 'path' }, example: EXAMPLE_ID }) });
const fetchQuery = z.object({
  channel_uid: z.uuid().openapi({ example: EXAMPLE_ID }),
  days_ago: z.coerce.number().int().min(1).max(365).openapi({ example: 30, description: 'Orders that were placed within so many days, 1 to 365.' }),
});

const show = apiRoute({
  method: 'get',
  path: '/channels/{channel_uid}/sync',
  access: 'channels.view',
  tags: ['Channels'],
  summary: 'How far a channel’s sync is, and what webhooks had missed',
  request: { params: channelParam },
  responses: { 200: jsonAnswer(channelSyncSchema, 'Cursors, lag, the last run, and what is set aside.') },
});

const trigger = apiRoute({
  method: 'post',
  path: '/channels/{channel_uid}/sync',
  access: 'orders.sync',
  tags: ['Channels'],
  summary: 'Sync a channel now',
  description: 'Where a run is under way, another follows it. A channel that is paused or disconnected is refused (409).',
  request: { params: channelParam },
  responses: { 202: jsonAnswer(channelSyncSchema, 'It runs; ask again for how it went.') },
});

const fetching = {
  access: 'orders.sync' as const,
  tags: ['Orders'],
  summary: 'Fetch a channel’s older orders',
  description: 'Starts a job that fetches all orders of these days; orders that are here already are brought to what TikTok says. GET /jobs/{id} shows how far it is.',
  request: { query: fetchQuery },
  responses: {
    202: {
      ...jsonAnswer(z.object({ job_id: id }), 'The job; Location says where it is shown.'),
      headers: z.object({ Location: z.string().openapi({ example: `/jobs/${EXAMPLE_ID}` }) }),
    },
  },
};
const fetchOrders = apiRoute({ method: 'get', path: '/orders/fetch', ...fetching });
const postFetchOrders = apiRoute({ method: 'post', path: '/orders/fetch', ...fetching });

/** Before the routes of orders: /orders/{order_id} would take /orders/fetch. */
export function channelSyncRoutes({ db, temporal, config, logger }: ApiDeps): Router {
  const view = async (channel: ChannelRow) =>
    toChannelSync({ channel, cursors: await listSyncCursors(db, channel.id), aside: await listSetAside(db, channel.id, SHOWN_ASIDE) }, config.shopSyncIntervalS, Date.now());

  async function startBackfill(workspace_id: string, created_by: string | null, { channel_uid, days_ago }: z.infer<typeof fetchQuery>): Promise<string> {
    const channel = await requireUsableChannel(db, workspace_id, channel_uid);
    const to_ms = Date.now();
    const job_id = await createJob(db, { workspace_id, channel_id: channel.id, kind: 'order_backfill', params: { kind: 'order_backfill', from_ms: to_ms - days_ago * DAY_MS, to_ms }, created_by });
    await temporal.shop
      .startJob('order_backfill', { job_id, workspace_id, channel_id: channel.id })
      .catch((error: unknown) => logger.warn({ err: error, job_id }, 'the job is kept; the sweep has it started'));
    return job_id;
  }

  return createRouter()
    .openapi(show, async (c) => c.json(await view(await requireChannel(db, c.get('workspace').id, c.req.valid('param').channel_uid)), 200))
    .openapi(trigger, async (c) => {
      const channel = await requireUsableChannel(db, c.get('workspace').id, c.req.valid('param').channel_uid);
      await temporal.shop.triggerSync({ channel_id: channel.id, workspace_id: channel.workspace_id });
      return c.json(await view(channel), 202);
    })
    .openapi(fetchOrders, async (c) => {
      const job_id = await startBackfill(c.get('workspace').id, c.get('userId'), c.req.valid('query'));
      return c.json({ job_id }, 202, { Location: `/jobs/${job_id}` });
    })
    .openapi(postFetchOrders, async (c) => {
      const job_id = await startBackfill(c.get('workspace').id, c.get('userId'), c.req.valid('query'));
      return c.json({ job_id }, 202, { Location: `/jobs/${job_id}` });
    });
}
