import { z } from 'zod';
import type { OrderLineItem, OrderPayment, RecipientAddress, ShopOrder } from '../../../domain/contracts/shop-api.ts';
import { decimal, flag, id, list, name, optionalId, optionalTime, sum, text, time } from './common.ts';

const paymentSchema = z
  .object({
    currency: z.string().regex(/^[A-Z]{3}$/),
    total_amount: z.union([z.string().min(1), z.number()]).transform(String),
    sub_total: decimal,
    shipping_fee: decimal,
    tax: decimal,
    seller_discount: decimal,
    platform_discount: decimal,
  })
  .transform(({ currency, total_amount, ...sums }, context): OrderPayment => {
    const of = (field: keyof typeof sums) => sum(sums[field], currency, field, context);
    return {
      currency,
      total: sum(total_amount, currency, 'total_amount', context) ?? z.NEVER,
      sub_total: of('sub_total'),
      shipping_fee: of('shipping_fee'),
      tax: of('tax'),
      seller_discount: of('seller_discount'),
      platform_discount: of('platform_discount'),
    };
  });

const lineItemSchema = z
  .object({
    id,
    product_id: id,
    product_name: name,
    sku_id: id,
    sku_name: text,
    seller_sku: text,
    sku_image: text,
    display_status: text,
    currency: text,
    sale_price: decimal,
    original_price: decimal,
    package_id: optionalId,
    package_status: text,
    tracking_number: text,
    shipping_provider_id: optionalId,
    shipping_provider_name: text,
    cancel_reason: text,
    cancel_user: text,
    is_gift: flag,
  })
  .transform(
    ({ sku_image, display_status, currency, sale_price, original_price, cancel_user, ...item }, context): OrderLineItem => ({
      ...item,
      image_url: sku_image,
      status: display_status,
      sale_price: sum(sale_price, currency, 'sale_price', context),
      original_price: sum(original_price, currency, 'original_price', context),
      cancelled_by: cancel_user,
    }),
  );

const recipientSchema = z
  .object({
    name: text,
    phone_number: text,
    full_address: text,
    address_line1: text,
    address_line2: text,
    address_line3: text,
    address_line4: text,
    postal_code: text,
    post_town: text,
    region_code: text,
    district_info: list(z.object({ address_level: text, address_level_name: text, address_name: name })),
  })
  .transform(
    ({ address_line1, address_line2, address_line3, address_line4, district_info, ...recipient }): RecipientAddress => ({
      ...recipient,
      address_lines: [address_line1, address_line2, address_line3, address_line4].filter((line) => line !== null),
      districts: district_info.map(({ address_level, address_level_name, address_name }) => ({ level: address_level, level_name: address_level_name, name: address_name })),
    }),
  );

const times = {
  create_time: time,
  update_time: optionalTime,
  paid_time: optionalTime,
  cancel_time: optionalTime,
  cancel_order_sla_time: optionalTime,
  rts_sla_time: optionalTime,
  tts_sla_time: optionalTime,
  shipping_due_time: optionalTime,
  collection_due_time: optionalTime,
  delivery_due_time: optionalTime,
};

/** https://partner.tiktokshop.com/docv2/page/get-order-detail-202507 */
export const orderSchema = z
  .object({
    id,
    status: z.string().min(1),
    ...times,
    order_type: text,
    user_id: optionalId,
    buyer_nickname: text,
    buyer_email: text,
    buyer_message: text,
    seller_note: text,
    is_on_hold_order: flag,
    is_cod: flag,
    is_sample_order: flag,
    is_replacement_order: flag,
    is_buyer_request_cancel: flag,
    cancel_reason: text,
    cancellation_initiator: text,
    shipping_type: text,
    fulfillment_type: text,
    delivery_option_id: optionalId,
    delivery_option_name: text,
    shipping_provider: text,
    shipping_provider_id: optionalId,
    tracking_number: text,
    warehouse_id: optionalId,
    split_or_combine_tag: text,
    packages: list(z.object({ id: optionalId })),
    payment: paymentSchema.nullish(),
    recipient_address: recipientSchema.nullish(),
    line_items: list(lineItemSchema),
  })
  .transform(
    (order): ShopOrder => ({
      id: order.id,
      status: order.status,
      order_type: order.order_type,
      buyer_user_id: order.user_id,
      buyer_nickname: order.buyer_nickname,
      buyer_email: order.buyer_email,
      buyer_message: order.buyer_message,
      seller_note: order.seller_note,
      create_time_ms: order.create_time,
      update_time_ms: order.update_time ?? order.create_time,
      paid_time_ms: order.paid_time,
      is_on_hold: order.is_on_hold_order,
      is_cod: order.is_cod,
      is_sample: order.is_sample_order,
      is_replacement: order.is_replacement_order,
      is_buyer_request_cancel: order.is_buyer_request_cancel,
      cancel_reason: order.cancel_reason,
      cancelled_by: order.cancellation_initiator,
      cancel_time_ms: order.cancel_time,
      cancel_answer_due_ms: order.cancel_order_sla_time,
      ready_to_ship_due_ms: order.rts_sla_time,
      ship_by_ms: order.shipping_due_time ?? order.tts_sla_time,
      collect_by_ms: order.collection_due_time,
      deliver_by_ms: order.delivery_due_time,
      shipping_type: order.shipping_type,
      fulfillment_type: order.fulfillment_type,
      delivery_option_id: order.delivery_option_id,
      delivery_option_name: order.delivery_option_name,
      shipping_provider_id: order.shipping_provider_id,
      shipping_provider_name: order.shipping_provider,
      tracking_number: order.tracking_number,
      warehouse_id: order.warehouse_id,
      split_or_combine: order.split_or_combine_tag,
      package_ids: [...new Set([...order.packages.map((item) => item.id), ...order.line_items.map((item) => item.package_id)].filter((packageId) => packageId !== null))],
      payment: order.payment ?? null,
      recipient: order.recipient_address ?? null,
      line_items: uniqueById(order.line_items),
    }),
  );

/** A unit that came twice is one unit. */
const uniqueById = <T extends { id: string }>(items: readonly T[]): T[] => [...new Map(items.map((item) => [item.id, item])).values()];

const answerDue = list(z.object({ deadline: optionalTime })).transform((actions) => actions.find(({ deadline }) => deadline !== null)?.deadline ?? null);
const afterSale = {
  order_id: id,
  role: text,
  create_time: optionalTime,
  update_time: optionalTime,
  seller_next_action_response: answerDue,
};

/** https://partner.tiktokshop.com/docv2/page/search-cancellations-202309; webhooks and some answers spell _CANCEL as _CANCELLED. */
export const cancelStatus = z.string().min(1).transform((status) => (status === 'CANCELLATION_REQUEST_CANCELLED' ? 'CANCELLATION_REQUEST_CANCEL' : status));

export const cancellationSchema = z
  .object({
    ...afterSale,
    cancel_id: id,
    cancel_status: cancelStatus,
    cancel_type: text,
    cancel_reason: text,
    cancel_reason_text: text,
    cancel_line_items: list(z.object({ order_line_item_id: optionalId })),
  })
  .transform((cancellation) => ({
    cancel_id: cancellation.cancel_id,
    order_id: cancellation.order_id,
    status: cancellation.cancel_status,
    type: cancellation.cancel_type,
    role: cancellation.role,
    reason: cancellation.cancel_reason,
    reason_text: cancellation.cancel_reason_text,
    order_line_item_ids: cancellation.cancel_line_items.map((item) => item.order_line_item_id).filter((itemId) => itemId !== null),
    create_time_ms: cancellation.create_time,
    update_time_ms: cancellation.update_time,
    answer_due_ms: cancellation.seller_next_action_response,
  }));

/** https://partner.tiktokshop.com/docv2/page/search-returns-202309 */
export const returnSchema = z
  .object({
    ...afterSale,
    return_id: id,
    return_status: z.string().min(1),
    return_type: text,
    return_reason: text,
    return_reason_text: text,
    refund_amount: z.object({ currency: text, refund_total: decimal }).nullish(),
    return_line_items: list(z.object({ order_line_item_id: optionalId })),
  })
  .transform(({ refund_amount, ...returned }, context) => ({
    return_id: returned.return_id,
    order_id: returned.order_id,
    status: returned.return_status,
    type: returned.return_type,
    role: returned.role,
    reason: returned.return_reason,
    reason_text: returned.return_reason_text,
    order_line_item_ids: returned.return_line_items.map((item) => item.order_line_item_id).filter((itemId) => itemId !== null),
    refund: refund_amount ? sum(refund_amount.refund_total, refund_amount.currency, 'refund_total', context) : null,
    create_time_ms: returned.create_time,
    update_time_ms: returned.update_time,
    answer_due_ms: returned.seller_next_action_response,
  }));
