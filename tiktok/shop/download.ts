import type { ShippingDocument, ShopResult } from '../../domain/contracts/shop-api.ts';
import { badAnswer, badInput, refusal } from './failures.ts';
import type { Transport } from './transport.ts';

/** Seen in TikTok's answers and documentation, and the CDNs of its other documents. */
const TIKTOK_DOMAINS = [
  ...['tiktok.com', 'tiktokshop.com', 'tiktok-shops.com', 'tiktokglobalshop.com', 'tiktokcdn.com', 'tiktokcdn-us.com', 'tiktokv.com', 'tiktokv.us'],
  ...['ibyteimg.com', 'byteoversea.com', 'bytedance.com', 'bytedance.net', 'ttwstatic.com'],
];
const LOOPBACK = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
const MAX_DOCUMENT_BYTES = 20 * 1024 * 1024;
const PDF = Buffer.from('%PDF-');

/** Over https from TikTok; from loopback only where the API itself is there, so that no answer of TikTok's can point into this machine. */
export function isDocumentUrl(url: URL, apiUrl: URL): boolean {
  if (url.username !== '' || url.password !== '') return false;
  if (LOOPBACK.test(url.hostname)) return LOOPBACK.test(apiUrl.hostname) && (url.protocol === 'http:' || url.protocol === 'https:');
  return url.protocol === 'https:' && url.port === '' && TIKTOK_DOMAINS.some((domain) => url.hostname === domain || url.hostname.endsWith(`.${domain}`));
}

/** The bytes of a document, which lies outside of the API and wants no token. */
export async function downloadDocument(transport: Transport, apiUrl: URL, document: ShippingDocument, signal?: AbortSignal): Promise<ShopResult<Buffer>> {
  const url = URL.canParse(document.url) ? new URL(document.url) : null;
  if (url === null || !isDocumentUrl(url, apiUrl)) return badInput(`The document lies at ${url?.host ?? 'no URL'}, which is not TikTok’s.`);
  const headers = { accept: 'application/pdf', 'user-agent': 'Showrunner/1' };
  const sent = await transport.send({ method: 'GET', url: url.href, headers, body: null, maxBytes: MAX_DOCUMENT_BYTES, once: false }, signal);
  if (!sent.ok) return sent;
  const { status, body, retry_after_ms } = sent.answer;
  if (status !== 200) return refusal({ status, tiktok_code: null, message: 'the document could not be loaded; its URL is good for 24 hours', request_id: null, retry_after_ms });
  return body.subarray(0, PDF.length).equals(PDF) ? { ok: true, value: body } : badAnswer('The document of TikTok Shop is no PDF.', true);
}
