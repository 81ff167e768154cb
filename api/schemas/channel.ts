import { z } from '@hono/zod-openapi';
import type { ChannelRow } from '../../db/channel.repository.ts';
import type { ShopAuthorizationRow } from '../../db/shop-authorization.repository.ts';
import { CHANNEL_STATES, type ConnectShopsOutcome } from '../../domain/contracts/channel.ts';
import { SOCIAL_ACCOUNT_STATES } from '../../domain/contracts/social-account.ts';
import { EXAMPLE_ID, timestamp } from './common.ts';
import { iso, isoOrNull } from './query.ts';
import { uuid } from './uuid.ts';

export const EXAMPLE_SHOP_ID = '7495540735365777507';

/** How the API names a channel, in queries and paths. */
export const channelUid = z.uuid().openapi({ example: EXAMPLE_ID, description: 'A connected shop, as GET /channels lists it.' });
export const channelUidParam = z.object({ channel_uid: uuid().openapi({ param: { name: 'channel_uid', in: 'path' }, example: EXAMPLE_ID }) });

const shopId = z.string().openapi({ example: EXAMPLE_SHOP_ID, description: 'TikTok’s id of the shop.' });
const state = z.enum(CHANNEL_STATES).openapi({ description: 'paused: nothing is asked of TikTok until the shop is connected again; what was missed is fetched then.' });

/** A connected shop as people see it: never its cipher. */
export const channelSchema = z
  .object({
    channel_uid: channelUid,
    shop_id: shopId,
    name: z.string().openapi({ example: 'Nordlicht UK' }),
    region: z.string().openapi({ example: 'GB' }),
    seller_type: z.string().nullable().openapi({ example: 'LOCAL', description: 'CROSS_BORDER or LOCAL.' }),
    code: z.string().nullable().openapi({ example: 'GBLCNORD01' }),
    state,
    state_code: z.string().nullable().openapi({ example: null, description: 'A code of docs/errors.md, where the state has a reason.' }),
    state_reason: z.string().nullable().openapi({ example: null, description: 'The reason in words, TikTok’s own among them.' }),
    connected_at: timestamp,
    paused_at: timestamp.nullable(),
    disconnected_at: timestamp.nullable(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .openapi('Channel');

export const toChannel = (row: ChannelRow): z.infer<typeof channelSchema> => ({
  channel_uid: row.id,
  shop_id: row.shop_id,
  name: row.name,
  region: row.region,
  seller_type: row.seller_type,
  code: row.code,
  state: row.state,
  state_code: row.state_code,
  state_reason: row.state_reason,
  connected_at: iso(row.connected_at),
  paused_at: isoOrNull(row.paused_at),
  disconnected_at: isoOrNull(row.disconnected_at),
  created_at: iso(row.created_at),
  updated_at: iso(row.updated_at),
});

const authorizationSchema = z.object({
  authorization_id: z.uuid().openapi({ example: EXAMPLE_ID, description: 'One seller’s consent, which may cover several shops.' }),
  seller_name: z.string().nullable().openapi({ example: 'Nordlicht Trading' }),
  state: z.enum(SOCIAL_ACCOUNT_STATES).openapi({ description: 'expiring: usable, but the seller’s consent ends soon.' }),
  state_reason: z.string().nullable().openapi({ example: null }),
  granted_scopes: z.array(z.string()).openapi({ example: ['seller.order.info', 'seller.product.basic'] }),
  access_expires_at: timestamp.nullable().openapi({ description: 'It is refreshed before.' }),
  refresh_expires_at: timestamp.nullable().openapi({ description: 'Until then TikTok lets us refresh: the end of the seller’s consent.' }),
  last_refreshed_at: timestamp.nullable(),
  last_refresh_error: z.string().nullable().openapi({ example: null, description: 'Why the last refresh failed, where it did; it is tried again.' }),
});

export const channelDetailSchema = channelSchema.extend({ authorization: authorizationSchema }).openapi('ChannelDetail');

export const toChannelDetail = (channel: ChannelRow, row: ShopAuthorizationRow): z.infer<typeof channelDetailSchema> => ({
  ...toChannel(channel),
  authorization: {
    authorization_id: row.id,
    seller_name: row.seller_name,
    state: row.state,
    state_reason: row.state_reason,
    granted_scopes: row.granted_scopes,
    access_expires_at: isoOrNull(row.access_expires_at),
    refresh_expires_at: isoOrNull(row.refresh_expires_at),
    last_refreshed_at: isoOrNull(row.last_refreshed_at),
    last_refresh_error: row.last_refresh_error,
  },
});

export const integratedSchema = z
  .object({
    channels: z.array(z.object({ channel_uid: channelUid, shop_id: shopId, name: z.string().openapi({ example: 'Nordlicht UK' }), region: z.string().openapi({ example: 'GB' }), state })),
    taken: z
      .array(z.object({ shop_id: shopId, name: z.string().openapi({ example: 'Nordlicht Indonesia' }) }))
      .openapi({ description: 'Shops of the seller that another workspace has: disconnect them there first.', example: [] }),
  })
  .openapi('IntegratedChannels');

export const toIntegrated = ({ channels, taken }: Extract<ConnectShopsOutcome, { kind: 'connected' }>): z.infer<typeof integratedSchema> => ({
  channels: channels.map(({ channel_id, ...channel }) => ({ channel_uid: channel_id, ...channel })),
  taken,
});

export const connectUrlSchema = z
  .object({
    connect_url: z.string().openapi({ example: 'https://services.tiktokshop.com/open/authorize?service_id=7400000000000000001&state=…', description: 'TikTok’s consent page: send the browser there.' }),
    state: z.string().openapi({ example: `${EXAMPLE_ID}.mZ3v…`, description: 'Comes back with the code; good once, until expires_at.' }),
    expires_at: timestamp,
  })
  .openapi('ShopConnectUrl');

export const integrateBody = z
  .strictObject({
    code: z.string().min(1).max(2_000).openapi({ example: 'ROW_FeBoANmHP3yqdoUI9fZOCw', description: 'Of TikTok’s redirect; good once, for 30 minutes.' }),
    state: z.string().min(1).max(500).optional().openapi({ example: `${EXAMPLE_ID}.mZ3v…`, description: 'Of the same redirect, where it had one.' }),
  })
  .openapi('IntegrateChannel');

export const authorizedShopsSchema = z
  .object({
    shops: z.array(
      z.object({
        id: shopId,
        name: z.string().openapi({ example: 'Nordlicht UK' }),
        region: z.string().openapi({ example: 'GB' }),
        seller_type: z.string().nullable().openapi({ example: 'LOCAL' }),
        code: z.string().nullable().openapi({ example: 'GBLCNORD01' }),
      }),
    ),
  })
  .openapi('AuthorizedShops');

export const activeShopsSchema = z.object({ shops: z.array(z.object({ id: shopId, region: z.string().openapi({ example: 'GB' }) })) }).openapi('ActiveShops');
