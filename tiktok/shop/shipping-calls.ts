import type { Caller } from './caller.ts';
import type { ShipInput, ShopClient } from './client.ts';
import { at } from './path.ts';
import { valueOf } from './results.ts';
import { nothingSchema, pageSchema } from './schemas/common.ts';
import {
  deliveryOptionsSchema,
  documentSchema,
  handoverSchema,
  markedShippedSchema,
  packageSchema,
  providersSchema,
  trackingSchema,
  warehousesSchema,
} from './schemas/shipping.ts';
import { pageQuery, sortQuery, timeFilter } from './search-input.ts';

type ShippingCalls = Pick<
  ShopClient,
  | 'warehouses'
  | 'deliveryOptions'
  | 'shippingProviders'
  | 'package'
  | 'searchPackages'
  | 'handoverSlots'
  | 'shipPackage'
  | 'markShipped'
  | 'updatePackageTracking'
  | 'updateOrderTracking'
  | 'orderTracking'
  | 'shippingDocument'
>;

const LARGEST_PAGE = 50;
const ORDERS = '/fulfillment/202309/orders';
const PACKAGES = '/fulfillment/202309/packages';

const packagePage = pageSchema('packages', 'id', packageSchema);

/** https://partner.tiktokshop.com/docv2/page/fulfillment-api-overview */
export function createShippingCalls(call: Caller): ShippingCalls {
  return {
    warehouses: (shop, signal) => valueOf(call(shop, { method: 'GET', path: '/logistics/202309/warehouses', schema: warehousesSchema, signal })),
    deliveryOptions: (shop, warehouseId, signal) =>
      valueOf(call(shop, { method: 'GET', path: at('/logistics/202309/warehouses', warehouseId, 'delivery_options'), schema: deliveryOptionsSchema, signal })),
    shippingProviders: (shop, deliveryOptionId, signal) =>
      valueOf(call(shop, { method: 'GET', path: at('/logistics/202309/delivery_options', deliveryOptionId, 'shipping_providers'), schema: providersSchema, signal })),
    package: (shop, packageId, signal) => valueOf(call(shop, { method: 'GET', path: at(PACKAGES, packageId), schema: packageSchema, signal })),
    async searchPackages(shop, { status, ...search }, signal) {
      const json = { ...(status === undefined ? {} : { package_status: status }), ...timeFilter(search) };
      const query = { ...pageQuery(search, LARGEST_PAGE), ...sortQuery(search) };
      return valueOf(call(shop, { method: 'POST', path: at(PACKAGES, 'search'), query, json, schema: packagePage, signal }));
    },
    handoverSlots: (shop, packageId, signal) => valueOf(call(shop, { method: 'GET', path: at(PACKAGES, packageId, 'handover_time_slots'), schema: handoverSchema, signal })),
    shipPackage: (shop, packageId, input, signal) =>
      valueOf(call(shop, { method: 'POST', path: at(PACKAGES, packageId, 'ship'), json: toShipBody(input), schema: nothingSchema, once: true, signal })),
    markShipped: (shop, orderId, { tracking_number, shipping_provider_id, order_line_item_ids }, signal) => {
      const json = { ...(order_line_item_ids === undefined ? {} : { order_line_item_ids }), tracking_number, shipping_provider_id };
      return valueOf(call(shop, { method: 'POST', path: at(ORDERS, orderId, 'packages'), json, schema: markedShippedSchema, once: true, signal }));
    },
    updatePackageTracking: (shop, packageId, { tracking_number, shipping_provider_id }, signal) => {
      const json = { tracking_number, shipping_provider_id };
      return valueOf(call(shop, { method: 'POST', path: at(PACKAGES, packageId, 'shipping_info', 'update'), json, schema: nothingSchema, once: true, signal }));
    },
    updateOrderTracking: (shop, orderId, { tracking_number, shipping_provider_id }, signal) => {
      const json = { tracking_number, shipping_provider_id };
      return valueOf(call(shop, { method: 'POST', path: at(ORDERS, orderId, 'shipping_info', 'update'), json, schema: nothingSchema, once: true, signal }));
    },
    orderTracking: (shop, orderId, signal) => valueOf(call(shop, { method: 'GET', path: at(ORDERS, orderId, 'tracking'), schema: trackingSchema, signal })),
    shippingDocument: (shop, packageId, { type, size, format }, signal) => {
      const query = { document_type: type, document_size: size, document_format: format };
      return valueOf(call(shop, { method: 'GET', path: at(PACKAGES, packageId, 'shipping_documents'), query, schema: documentSchema, signal }));
    },
  };
}

function toShipBody(input: ShipInput): object {
  if (input.kind === 'self') return { self_shipment: { tracking_number: input.tracking_number, shipping_provider_id: input.shipping_provider_id } };
  const { handover_method, pickup_slot } = input;
  return {
    ...(handover_method === undefined ? {} : { handover_method }),
    ...(pickup_slot === undefined ? {} : { pickup_slot: { start_time: Math.floor(pickup_slot.start_ms / 1_000), end_time: Math.floor(pickup_slot.end_ms / 1_000) } }),
  };
}
