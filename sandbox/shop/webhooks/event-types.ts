/** https://partner.tiktokshop.com/docv2/page/update-shop-webhook-202309: subscriptions go by name, bodies by number. */
export const EVENT_TYPES = {
  ORDER_STATUS_CHANGE: 1,
  REVERSE_STATUS_UPDATE: 2,
  RECIPIENT_ADDRESS_UPDATE: 3,
  PACKAGE_UPDATE: 4,
  PRODUCT_STATUS_CHANGE: 5,
  SELLER_DEAUTHORIZATION: 6,
  UPCOMING_AUTHORIZATION_EXPIRATION: 7,
  CANCELLATION_STATUS_CHANGE: 11,
  RETURN_STATUS_CHANGE: 12,
  NEW_CONVERSATION: 13,
  NEW_MESSAGE: 14,
  PRODUCT_INFORMATION_CHANGE: 15,
  PRODUCT_CREATION: 16,
  PRODUCT_CATEGORY_CHANGE: 18,
  NEW_MESSAGE_LISTENER: 33,
  INVOICE_STATUS_CHANGE: 36,
  PRODUCT_AUDIT_STATUS_CHANGE: 37,
} as const;
export type EventType = keyof typeof EVENT_TYPES;
export const isEventType = (name: string): name is EventType => name in EVENT_TYPES;
export const eventTypeOf = (type: number): EventType | null => (Object.entries(EVENT_TYPES).find(([, number]) => number === type)?.[0] as EventType | undefined) ?? null;
