import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ShopAccess } from '../../tiktok/shop/client.ts';
import { createShopClient, type ShopClient, type ShopClientOptions } from '../../tiktok/shop/index.ts';

export const SHOP_APP = { app_key: '6abcdefghij01', app_secret: 'f0e1d2c3b4a5968778695a4b3c2d1e0f12345678' };
export const SHOP: ShopAccess = { shop_id: '7495540735365777507', shop_cipher: 'GCP_XF90igAAAABh00qsWgtvOiGFNqyubMt3', access_token: 'ROW_secret-access-token-0123456789' };
export const REQUEST_ID = '20261121070000AABBCCDDEEFF00112233';

export interface ShopRequest {
  method: string;
  path: string;
  query: { [name: string]: string };
  headers: IncomingMessage['headers'];
  body: string;
  /** Parsed, null where there is none. */
  json: unknown;
  /** By the reference's rule, worked out apart from our own code. */
  signed: boolean;
  at_ms: number;
}
export type ShopAnswer = (response: ServerResponse, request: ShopRequest) => void;

export interface ShopServer {
  client: ShopClient;
  requests: ShopRequest[];
  url: string;
  connections(): number;
  close(): Promise<void>;
}

/** A client whose TikTok Shop answers so. */
export async function startShop(answer: ShopAnswer, options: Partial<ShopClientOptions> = {}): Promise<ShopServer> {
  const requests: ShopRequest[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const seen = toRequest(request, Buffer.concat(parts).toString());
      requests.push(seen);
      answer(response, seen);
    });
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createShopClient({ apiUrl: url, authUrl: url, app: SHOP_APP, timeoutMs: 5_000, ...options });
  return {
    client,
    requests,
    url,
    connections: () => connections,
    async close() {
      await client.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function toRequest(request: IncomingMessage, body: string): ShopRequest {
  const [path = '', search = ''] = (request.url ?? '').split('?');
  const pairs = search.split('&').filter(Boolean).map((pair) => [pair.slice(0, pair.indexOf('=')), decodeURIComponent(pair.slice(pair.indexOf('=') + 1))] as const);
  const query = Object.fromEntries(pairs);
  const rest = Object.keys(query).filter((name) => name !== 'sign').sort().map((name) => `${name}${query[name]}`).join('');
  const expected = createHmac('sha256', SHOP_APP.app_secret).update(`${SHOP_APP.app_secret}${path}${rest}${body}${SHOP_APP.app_secret}`).digest('hex');
  return {
    method: request.method ?? '',
    path,
    query,
    headers: request.headers,
    body,
    json: body === '' ? null : JSON.parse(body),
    signed: query.sign === expected,
    at_ms: Date.now(),
  };
}

export const answerJson =
  (body: unknown, status = 200, headers: { [name: string]: string } = {}): ShopAnswer =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers }).end(typeof body === 'string' ? body : JSON.stringify(body));
export const done = (data: unknown): ShopAnswer => answerJson({ code: 0, message: 'Success', request_id: REQUEST_ID, data });
export const refusedWith = (code: number, message: string, status = 200, headers: { [name: string]: string } = {}): ShopAnswer =>
  answerJson({ code, message, request_id: REQUEST_ID, data: null }, status, headers);
/** Each in its turn, the last one from then on. */
export const inTurn = (...answers: ShopAnswer[]): ShopAnswer => {
  let turn = 0;
  return (response, request) => answers[Math.min(turn++, answers.length - 1)]!(response, request);
};

/** As TikTok's sample has it, shortened. */
export const orderJson = (change: object = {}): object => ({
  id: '576653688135258178',
  status: 'AWAITING_SHIPMENT',
  create_time: 1718305585,
  update_time: 1718305590,
  paid_time: 1718305588,
  cancel_order_sla_time: 0,
  shipping_due_time: 1718564785,
  is_on_hold_order: false,
  buyer_message: 'Please wrap it',
  delivery_option_id: '7091146663229654785',
  shipping_type: 'SELLER',
  fulfillment_type: 'FULFILLMENT_BY_SELLER',
  warehouse_id: '7000714532876273420',
  tracking_number: '',
  packages: [{ id: '1152321127278713123' }],
  payment: { currency: 'USD', sub_total: '29.98', total_amount: '32.47', shipping_fee: '2.49', tax: '', seller_discount: '0', platform_discount: '0.00' },
  recipient_address: { name: 'J***', full_address: 'US, ***', address_line1: 'TikTok 5800', region_code: 'US', district_info: [{ address_level: 'L0', address_level_name: 'Country', address_name: 'United States' }] },
  line_items: [lineItemJson('577086512123755123'), lineItemJson('577086512123755124')],
  ...change,
});
const lineItemJson = (id: string): object => ({
  id,
  product_id: '1729582718312380123',
  product_name: 'Lamp',
  sku_id: '2729382476852921560',
  sku_name: 'Red',
  seller_sku: 'LAMP-RED',
  display_status: 'AWAITING_SHIPMENT',
  currency: 'USD',
  sale_price: '14.99',
  original_price: '19.99',
  package_id: '1152321127278713123',
  package_status: 'TO_FULFILL',
  is_gift: false,
});
