import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { z } from '@hono/zod-openapi';
import { findPackage } from '../../db/shipment-target.repository.ts';
import { listShipments } from '../../db/shipment.repository.ts';
import type { HandoverSlots, ShippingProvider, ShopPackage } from '../../domain/contracts/shop-api.ts';
import { requireChannel, requireUsableChannel } from '../channel-of.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { openLabel } from '../label.ts';
import { idBefore, pageQuery, pageSchema, toIdPage } from '../paging.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { idempotencyHeader } from '../schemas/device.ts';
import { iso } from '../schemas/query.ts';
import {
  channelUid,
  EXAMPLE_PACKAGE,
  markShippedBody,
  packageSchema,
  providerSchema,
  shipBody,
  shipmentSchema,
  shippedSchema,
  slotsSchema,
  tiktokId,
  toPackageView,
  toShipmentView,
  toShipRequest,
  toSlotsView,
  updateTrackingBody,
} from '../schemas/shipping.ts';
import { ship, type Asked } from '../ship.ts';
import { askShop } from '../shop-read.ts';

const tags = ['Shipping'];
const SHOWN_SHIPMENTS = 20;
const ofChannel = z.object({ channel_uid: channelUid });
const packageParam = z.object({ package_id: tiktokId(EXAMPLE_PACKAGE).openapi({ param: { name: 'package_id', in: 'path' } }) });
const shippedAnswer = { 200: jsonAnswer(shippedSchema, 'TikTok has it.') };
const ONCE =
  'Answers when TikTok has, for up to a minute. Asked for twice it is done once, and both get the same answer: by the Idempotency-Key, or without one by ' +
  'what is asked. After 503 ask for the same again: it goes on meanwhile. shop_shipment_unconfirmed: TikTok never said; the same request finds it out.';

const providers = apiRoute({
  method: 'get',
  path: '/shipping/providers',
  access: 'shipping.view',
  tags,
  summary: 'List the carriers that an order may go by',
  description: 'From TikTok, at once. delivery_option_id stands in the order.',
  request: { query: ofChannel.extend({ delivery_option_id: tiktokId('7091146663229654785') }) },
  responses: { 200: jsonAnswer(z.object({ items: z.array(providerSchema) }), 'As TikTok lists them.') },
});

const read = apiRoute({
  method: 'get',
  path: '/shipping/package/{package_id}',
  access: 'shipping.view',
  tags,
  summary: 'Show a package',
  description: 'As TikTok has it now, with what was asked of it here.',
  request: { params: packageParam, query: ofChannel },
  responses: { 200: jsonAnswer(packageSchema, 'The package.') },
});

const slots = apiRoute({
  method: 'get',
  path: '/shipping/package/{package_id}/handover-slots',
  access: 'shipping.view',
  tags,
  summary: 'Show when TikTok’s carrier would fetch a package',
  request: { params: packageParam, query: ofChannel },
  responses: { 200: jsonAnswer(slotsSchema, 'From TikTok, at once.') },
});

const markShipped = apiRoute({
  method: 'post',
  path: '/shipping/mark-shipped',
  access: 'shipping.edit',
  tags,
  summary: 'Say that an order was shipped by a carrier of yours',
  description: `US, UK, ES, IE, IT, DE, FR, JP; elsewhere TikTok answers that it is not offered: POST /shipping/ship with self_shipment. ${ONCE}`,
  request: { headers: idempotencyHeader, body: jsonBodyOf(markShippedBody) },
  responses: shippedAnswer,
});

const update = apiRoute({
  method: 'post',
  path: '/shipping/update',
  access: 'shipping.edit',
  tags,
  summary: 'Correct a tracking number',
  description: `Of one package, or of the whole order. TikTok takes one change of an order; the next is refused with shop_tracking_final. ${ONCE}`,
  request: { headers: idempotencyHeader, body: jsonBodyOf(updateTrackingBody) },
  responses: shippedAnswer,
});

const shipPackage = apiRoute({
  method: 'post',
  path: '/shipping/ship',
  access: 'shipping.edit',
  tags,
  summary: 'Ship a package by TikTok’s carrier, or by yours where packages exist from payment',
  description: `TikTok’s carrier gives the tracking number and the label. self_shipment: your own carrier, in South-East Asia and Latin America. ${ONCE}`,
  request: { headers: idempotencyHeader, body: jsonBodyOf(shipBody) },
  responses: shippedAnswer,
});

const label = apiRoute({
  method: 'get',
  path: '/shipping/package/{package_id}/label',
  access: 'shipping.view',
  tags,
  summary: 'Print the label of a package',
  description: 'Of TikTok’s carrier, once the package is shipped and until it is fetched. Kept here for less than a day: it holds the buyer’s address.',
  request: {
    params: packageParam,
    query: ofChannel.extend({
      type: z
        .enum(['SHIPPING_LABEL', 'PACKING_SLIP', 'SHIPPING_LABEL_AND_PACKING_SLIP', 'SHIPPING_LABEL_PICTURE', 'HAZMAT_LABEL', 'INVOICE_LABEL'])
        .default('SHIPPING_LABEL')
        .openapi({ example: 'SHIPPING_LABEL' }),
      size: z.enum(['A5', 'A6']).optional().openapi({ example: 'A6', description: 'Absent: as TikTok makes it, which is A6.' }),
    }),
  },
  responses: { 200: { description: 'The document.', content: { 'application/pdf': { schema: { type: 'string' as const, format: 'binary', example: '(the bytes of the PDF)' } } } } },
});

const shipments = apiRoute({
  method: 'get',
  path: '/shipping/shipments',
  access: 'shipping.view',
  tags,
  summary: 'List what was asked to be shipped, and what came of it, newest first',
  request: {
    query: pageQuery.extend({
      channel_uid: channelUid.optional(),
      order_id: tiktokId('576653688135258178').optional(),
      package_id: tiktokId(EXAMPLE_PACKAGE).optional(),
    }),
  },
  responses: { 200: jsonAnswer(pageSchema(shipmentSchema), 'One page.') },
});

export function shippingRoutes(deps: ApiDeps): Router {
  const { db } = deps;
  const usable = (workspaceId: string, channelId: string) => requireUsableChannel(db, workspaceId, channelId);

  return createRouter()
    .openapi(providers, async (c) => {
      const { channel_uid, delivery_option_id } = c.req.valid('query');
      const channel = await usable(c.get('workspace').id, channel_uid);
      return c.json({ items: await askShop<ShippingProvider[]>(deps, channel, { kind: 'providers', delivery_option_id }) }, 200);
    })
    .openapi(read, async (c) => {
      const { package_id } = c.req.valid('param');
      const channel = await usable(c.get('workspace').id, c.req.valid('query').channel_uid);
      const parcel = await askShop<ShopPackage>(deps, channel, { kind: 'package', package_id });
      const known = await findPackage(db, channel.id, package_id);
      const asked = await listShipments(db, { workspace_id: channel.workspace_id, channel_id: channel.id, package_id, limit: SHOWN_SHIPMENTS });
      const ours = known ? { status: known.status, tracking_number: known.tracking_number, updated_at: iso(known.updated_at) } : null;
      return c.json({ ...toPackageView(parcel), known: ours, shipments: asked.map(toShipmentView) }, 200);
    })
    .openapi(slots, async (c) => {
      const channel = await usable(c.get('workspace').id, c.req.valid('query').channel_uid);
      return c.json(toSlotsView(await askShop<HandoverSlots>(deps, channel, { kind: 'handover_slots', package_id: c.req.valid('param').package_id })), 200);
    })
    .openapi(markShipped, async (c) => {
      const { channel_uid, order_id, tracking_number, shipping_provider_id, order_line_item_ids } = c.req.valid('json');
      const channel = await usable(c.get('workspace').id, channel_uid);
      const request: Asked['request'] = { kind: 'mark_shipped', tracking_number, shipping_provider_id, order_line_item_ids: order_line_item_ids ?? null };
      return c.json(await ship(deps, { channel, order_id, request, requested_by: c.get('userId'), key: c.req.valid('header')['Idempotency-Key'] ?? null }), 200);
    })
    .openapi(update, async (c) => {
      const { channel_uid, order_id = null, package_id = null, tracking_number, shipping_provider_id } = c.req.valid('json');
      const channel = await usable(c.get('workspace').id, channel_uid);
      const request: Asked['request'] = { kind: 'update', package_id, tracking_number, shipping_provider_id };
      return c.json(await ship(deps, { channel, order_id, request, requested_by: c.get('userId'), key: c.req.valid('header')['Idempotency-Key'] ?? null }), 200);
    })
    .openapi(shipPackage, async (c) => {
      const body = c.req.valid('json');
      const channel = await usable(c.get('workspace').id, body.channel_uid);
      const asked = { order_id: body.order_id ?? null, request: toShipRequest(body), key: c.req.valid('header')['Idempotency-Key'] ?? null };
      return c.json(await ship(deps, { ...asked, channel, requested_by: c.get('userId') }), 200);
    })
    .openapi(label, async (c) => {
      const { package_id } = c.req.valid('param');
      const { channel_uid, type, size = null } = c.req.valid('query');
      const channel = await requireChannel(db, c.get('workspace').id, channel_uid);
      const file = await openLabel(deps, channel, { package_id, type, size });
      return c.body(Readable.toWeb(file.stream) as ReadableStream as globalThis.ReadableStream, 200, {
        'Content-Type': 'application/pdf',
        'Content-Length': String(file.size_bytes),
        'Content-Disposition': `inline; filename="${package_id}-${type.toLowerCase()}.pdf"`,
        'Cache-Control': 'private, no-store',
      });
    })
    .openapi(shipments, async (c) => {
      const { limit, cursor, channel_uid, order_id, package_id } = c.req.valid('query');
      const workspace_id = c.get('workspace').id;
      if (channel_uid !== undefined) await requireChannel(db, workspace_id, channel_uid);
      const rows = await listShipments(db, { workspace_id, channel_id: channel_uid, order_id, package_id, before: idBefore(cursor), limit: limit + 1 });
      return c.json(toIdPage(rows, limit, toShipmentView), 200);
    });
}
