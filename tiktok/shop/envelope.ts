import { z } from 'zod';
import type { ShopItemFailure, ShopResult } from '../../domain/contracts/shop-api.ts';
import { parseLossless } from '../../domain/publishing/lossless-json.ts';
import type { Redactor } from '../http/redact.ts';
import { badAnswer, itemFailure, refusal } from './failures.ts';
import { integer } from './schemas/common.ts';
import type { HttpAnswer } from './transport.ts';

const text = z.union([z.string(), z.number()]).nullish().transform((value) => (value === null || value === undefined ? '' : String(value).slice(0, 2_000)));
const number = integer.nullish().catch(null).transform((value) => value ?? null);
/** Of both hosts: code 0 is success, whatever the HTTP status says. */
const envelopeSchema = z.object({ code: integer, message: text, request_id: text, data: z.unknown() });

/** Errors of single items in an answer that is otherwise a success; the detail names the item by its kind. */
const itemErrorsSchema = z.object({
  errors: z
    .array(
      z.object({
        code: number,
        message: text,
        detail: z
          .object({
            product_id: text,
            sku_id: text,
            package_id: text,
            extra_errors: z.array(z.object({ code: number, message: text })).nullish().catch(null),
          })
          .nullish()
          .catch(null),
      }),
    )
    .nullish(),
});

export interface Answered<T> {
  value: T;
  failed: ShopItemFailure[];
}

/** The value of an answer, or the failure that its `code` tells. */
export function readAnswer<S extends z.ZodType>({ status, body, retry_after_ms }: HttpAnswer, schema: S, redact: Redactor): ShopResult<Answered<z.output<S>>> {
  const envelope = parseEnvelope(body);
  if (envelope === null) {
    if (status < 400) return badAnswer(`TikTok Shop answered HTTP ${status} with something that is not its protocol.`);
    return refusal({ status, tiktok_code: null, message: 'the answer is not its protocol', request_id: null, retry_after_ms });
  }
  const request_id = redact(envelope.request_id) || null;
  const message = redact(envelope.message);
  if (envelope.code !== 0) return refusal({ status, tiktok_code: envelope.code, message, request_id, retry_after_ms });
  if (status >= 400) return refusal({ status, tiktok_code: null, message, request_id, retry_after_ms });
  const data = envelope.data ?? {};
  const errors = itemErrorsSchema.safeParse(data);
  const value = schema.safeParse(data);
  if (value.success && errors.success) return { ok: true, value: { value: value.data, failed: (errors.data.errors ?? []).map((error) => toItemFailure(error, request_id, redact)) } };
  const faults = [value, errors].flatMap(({ error }) => error?.issues ?? []).map(({ path, message: said }) => `${path.join('.') || 'data'}: ${said}`);
  return badAnswer(`TikTok Shop’s answer lacks what its documentation promises (${faults.slice(0, 5).join('; ')})${request_id === null ? '' : ` (request_id ${request_id})`}.`);
}

type ItemError = NonNullable<z.output<typeof itemErrorsSchema>['errors']>[number];

function toItemFailure({ code, message, detail }: ItemError, requestId: string | null, redact: Redactor): ShopItemFailure {
  const id = detail?.sku_id || detail?.package_id || detail?.product_id || null;
  return itemFailure({ id, code, message, parts: detail?.extra_errors ?? [] }, requestId, redact);
}

/** null where the body is not TikTok Shop's envelope. */
function parseEnvelope(body: Buffer): z.output<typeof envelopeSchema> | null {
  try {
    return envelopeSchema.safeParse(parseLossless(body.toString('utf8'))).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
