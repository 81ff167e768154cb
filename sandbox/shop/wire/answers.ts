import { randomBytes } from 'node:crypto';
import { toJson, type Json } from '../../open-api/wire/json.ts';

/** An answer before it is sent, so that a fault may still take its place. */
export interface Answer {
  status: number;
  body: string;
  headers: Record<string, string>;
  /** TikTok's code, 0 for success: for the journal. */
  code: number;
  request_id: string;
}

/** A refusal of TikTok's. Those of the gateway have an HTTP status of their own; business codes come in a 200. */
export class ShopFault extends Error {
  readonly code: number;
  readonly status: number;
  readonly headers: Record<string, string>;

  constructor(code: number, message: string, status = 200, headers: Record<string, string> = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.headers = headers;
  }
}

/** Live messages of the gateway end in such a sentence. */
const HELP = ' For more information, see https://m.tiktok.shop/s/sandbox';
export const gatewayFault = (code: number, status: number, message: string): ShopFault => new ShopFault(code, message + HELP, status);
/** The one code for whatever is wrong with the request; only its words tell. */
export const badRequest = (message: string, status = 400): ShopFault => gatewayFault(36009004, status, message);

const newRequestId = (now: number): string => new Date(now).toISOString().replace(/\D/g, '').slice(0, 14) + randomBytes(10).toString('hex').toUpperCase();

function answer(now: number, status: number, code: number, message: string, data: Json, headers: Record<string, string> = {}): Answer {
  const request_id = newRequestId(now);
  return {
    status,
    body: toJson({ code, message, request_id, data }),
    // TikTok's own time, by which a client can tell that its clock is wrong.
    headers: { 'content-type': 'application/json; charset=utf-8', date: new Date(now).toUTCString(), ...headers },
    code,
    request_id,
  };
}

export const shopOk = (now: number, data: Json): Answer => answer(now, 200, 0, 'Success', data);
export const shopError = (now: number, { status, code, message, headers }: ShopFault): Answer => answer(now, status, code, message, null, headers);

/** What `run` gives, or the refusal that it throws. */
export async function answerOf(now: () => number, run: () => Json | Promise<Json>): Promise<Answer> {
  try {
    return shopOk(now(), await run());
  } catch (error) {
    if (error instanceof ShopFault) return shopError(now(), error);
    throw error;
  }
}
