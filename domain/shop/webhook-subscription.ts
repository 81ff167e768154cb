/** Kinds of webhook that we process, by the names under which a shop subscribes them. */
export const WEBHOOK_EVENT_TYPES = [
  'ORDER_STATUS_CHANGE',
  'RECIPIENT_ADDRESS_UPDATE',
  'PACKAGE_UPDATE',
  'PRODUCT_STATUS_CHANGE',
  'SELLER_DEAUTHORIZATION',
  'UPCOMING_AUTHORIZATION_EXPIRATION',
  'CANCELLATION_STATUS_CHANGE',
  'RETURN_STATUS_CHANGE',
  'PRODUCT_INFORMATION_CHANGE',
  'PRODUCT_CREATION',
  'PRODUCT_AUDIT_STATUS_CHANGE',
  'INVOICE_STATUS_CHANGE',
] as const;

const MAX_ADDRESS = 255;
const IP = /^(\d{1,3}(\.\d{1,3}){3}|\[.*\])$/;

/**
 * Where TikTok Shop sends webhooks to; it takes https, a domain name and no port.
 * @param publicUrl null: not known
 * @returns null where TikTok would not take it
 */
export function webhookAddress(publicUrl: string | null): string | null {
  if (publicUrl === null || !URL.canParse(publicUrl)) return null;
  const { protocol, hostname, port } = new URL(publicUrl);
  const address = `${publicUrl.replace(/\/+$/, '')}/webhook/`;
  const isTaken = protocol === 'https:' && port === '' && hostname.includes('.') && !IP.test(hostname) && address.length <= MAX_ADDRESS;
  return isTaken ? address : null;
}
