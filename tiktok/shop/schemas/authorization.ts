import { z } from 'zod';
import type { ShopTokens } from '../../../domain/contracts/shop-api.ts';
import { id, integer, list, name, text, time } from './common.ts';

/** Despite their names both *_expire_in are moments, not durations: https://partner.tiktokshop.com/docv2/page/authorization-guide-202309. */
export const tokensSchema = z
  .object({
    access_token: z.string().min(1),
    access_token_expire_in: time,
    refresh_token: z.string().min(1),
    refresh_token_expire_in: time,
    open_id: id,
    seller_name: text,
    seller_base_region: text,
    user_type: integer.nullish(),
    granted_scopes: list(z.string()),
  })
  .transform(
    ({ access_token_expire_in, refresh_token_expire_in, user_type, ...tokens }): ShopTokens => ({
      ...tokens,
      access_expires_at_ms: access_token_expire_in,
      refresh_expires_at_ms: refresh_token_expire_in,
      user_type: user_type ?? null,
    }),
  );

export const authorizedShopsSchema = z
  .object({ shops: list(z.object({ id, name, region: name, seller_type: text, cipher: z.string().min(1), code: text })) })
  .transform((data) => data.shops);

export const activeShopsSchema = z.object({ shops: list(z.object({ id, region: name })) }).transform((data) => data.shops);

export const webhooksSchema = z.object({ webhooks: list(z.object({ event_type: z.string().min(1), address: name })) }).transform((data) => data.webhooks);
