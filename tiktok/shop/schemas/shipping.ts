import { z } from 'zod';
import type { ShopPackage } from '../../../domain/contracts/shop-api.ts';
import { count, flag, id, integer, list, name, optionalId, optionalTime, text, time } from './common.ts';

/** Its id and status have other names in the detail than in the search: https://partner.tiktokshop.com/docv2/page/get-package-detail-202309. */
export const packageSchema = z
  .object({
    id: optionalId,
    package_id: optionalId,
    status: text,
    package_status: text,
    orders: list(z.object({ id, skus: list(z.object({ id, name: text, quantity: count })) })),
    order_line_item_ids: list(id),
    shipping_type: text,
    shipping_provider_id: optionalId,
    shipping_provider_name: text,
    tracking_number: text,
    delivery_option_id: optionalId,
    handover_method: text,
    split_and_combine_tag: text,
    create_time: optionalTime,
    update_time: optionalTime,
  })
  .transform(({ package_id, package_status, split_and_combine_tag, create_time, update_time, ...parcel }, context): ShopPackage => {
    const packageId = parcel.id ?? package_id;
    if (packageId === null) context.addIssue({ code: 'custom', path: ['package_id'], message: 'is missing', input: packageId });
    return {
      ...parcel,
      id: packageId ?? '',
      status: parcel.status ?? package_status,
      split_and_combine: split_and_combine_tag,
      create_time_ms: create_time,
      update_time_ms: update_time,
    };
  });

export const handoverSchema = z
  .object({
    can_pickup: flag,
    can_drop_off: flag,
    drop_off_point_url: text,
    // TikTok's spelling, for now.
    pickup_slots: list(z.object({ start_time: time, end_time: time, avaliable: z.boolean().nullish(), available: z.boolean().nullish() })),
  })
  .transform(({ pickup_slots, ...slots }) => ({
    ...slots,
    pickup_slots: pickup_slots.map(({ start_time, end_time, avaliable, available }) => ({ start_ms: start_time, end_ms: end_time, available: avaliable ?? available ?? true })),
  }));

export const markedShippedSchema = z
  .object({ package_id: id, order_line_item_ids: list(id), warning: z.object({ message: text }).nullish() })
  .transform(({ warning, ...marked }) => ({ ...marked, warning: warning?.message ?? null }));

export const trackingSchema = z
  .object({ tracking: list(z.object({ description: name, update_time_millis: integer })) })
  .transform(({ tracking }) => tracking.map(({ description, update_time_millis }) => ({ description, time_ms: update_time_millis })));

export const documentSchema = z
  .object({ doc_url: z.url(), tracking_number: text })
  .transform(({ doc_url, tracking_number }) => ({ url: doc_url, tracking_number }));

/** https://partner.tiktokshop.com/docv2/page/get-warehouse-list-202309 */
export const warehousesSchema = z
  .object({
    warehouses: list(
      z.object({
        id,
        name,
        effect_status: text,
        type: text,
        sub_type: text,
        is_default: flag,
        address: z.object({ region_code: text, full_address: text }).nullish(),
      }),
    ),
  })
  .transform(({ warehouses }) =>
    warehouses.map(({ address, ...warehouse }) => ({ ...warehouse, region_code: address?.region_code ?? null, full_address: address?.full_address ?? null })),
  );

export const deliveryOptionsSchema = z.object({ delivery_options: list(z.object({ id, name, type: text, description: text })) }).transform((data) => data.delivery_options);

export const providersSchema = z.object({ shipping_providers: list(z.object({ id, name })) }).transform((data) => data.shipping_providers);

export const splitAttributesSchema = z
  .object({ split_attributes: list(z.object({ order_id: id, can_split: flag, must_split: flag, reason: text })) })
  .transform((data) => data.split_attributes);

export const splitSchema = z
  .object({ packages: list(z.object({ id, splittable_group_id: integer })) })
  .transform(({ packages }) => packages.map((parcel) => ({ package_id: parcel.id, group: parcel.splittable_group_id - 1 })));

export const packageOrdersSchema = z.object({ id, order_ids: list(id) });
export const combinedSchema = z.object({ packages: list(packageOrdersSchema) }).transform((data) => data.packages);
