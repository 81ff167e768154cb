import type { z } from 'zod';
import type { OpenApiResult } from '../../domain/contracts/open-api.ts';
import { readAnswer } from './envelopes.ts';
import { redactor } from '../http/redact.ts';
import type { Transport } from './transport.ts';

/** One call; its value is what `schema` makes of the answer. */
export type ApiCall<S extends z.ZodType> = {
  schema: S;
  signal: AbortSignal | undefined;
} & (
  | { kind: 'oauth'; path: string; form: { [name: string]: string }; once: boolean }
  | { kind: 'get'; path: string; access_token: string }
  /** once: it begins something, and must not be sent twice. */
  | { kind: 'post'; path: string; access_token: string; json: { [key: string]: unknown } | null; once?: boolean }
);

export type Caller = <S extends z.ZodType>(call: ApiCall<S>) => Promise<OpenApiResult<z.output<S>>>;

const COMMON_HEADERS = { accept: 'application/json', 'user-agent': 'Showrunner/1' };

/** Sends calls and reads their answers; what TikTok says in its errors never holds a secret of ours. */
export function createCaller(transport: Transport, app: { readonly client_secret: string }): Caller {
  return async (call) => {
    const sent = await transport.send(toRequest(call), call.signal);
    if (!sent.ok) return sent;
    const secrets = call.kind === 'oauth' ? Object.entries(call.form).filter(([name]) => SECRET_FIELDS.has(name)).map(([, value]) => value) : [call.access_token];
    return readAnswer(sent.answer, call.kind === 'oauth' ? 'oauth' : 'api', call.schema, redactor([app.client_secret, ...secrets]));
  };
}

const SECRET_FIELDS = new Set(['client_secret', 'code', 'code_verifier', 'refresh_token', 'token']);

function toRequest(call: ApiCall<z.ZodType>): Parameters<Transport['send']>[0] {
  if (call.kind === 'oauth') {
    const headers = { ...COMMON_HEADERS, 'content-type': 'application/x-www-form-urlencoded', 'cache-control': 'no-cache' };
    return { method: 'POST', path: call.path, headers, body: new URLSearchParams(call.form).toString(), once: call.once };
  }
  const headers = { ...COMMON_HEADERS, authorization: `Bearer ${call.access_token}` };
  if (call.kind === 'get') return { method: 'GET', path: call.path, headers, body: null, once: false };
  return {
    method: 'POST',
    path: call.path,
    headers: { ...headers, 'content-type': 'application/json; charset=UTF-8' },
    body: call.json === null ? '' : JSON.stringify(call.json),
    once: call.once ?? false,
  };
}
