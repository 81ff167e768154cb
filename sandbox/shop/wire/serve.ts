import { setTimeout as delay } from 'node:timers/promises';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { faultName } from '../../fault-book.ts';
import type { CallName, Fault } from '../state/faults.ts';
import type { World } from '../world.ts';
import { ShopFault, shopError, type Answer } from './answers.ts';

export interface Env {
  Bindings: HttpBindings;
}

interface Served extends CallName {
  app_key: string | null;
  /** Never throws. */
  act: () => Answer | Promise<Answer>;
}

/** Answers one call, or does to it what the faults say: late, refused, or with the connection cut before or after it was done. */
export async function serve(world: World, c: Context<Env>, { act, ...call }: Served): Promise<Response> {
  const fault = world.faults.take(call);
  if (fault && fault.delay_ms > 0) await delay(fault.delay_ms, undefined, { ref: false });
  const answer = fault ? await underFault(world, fault, act) : await act();
  const { code, status, request_id } = answer;
  world.journal.saw({ at_ms: world.clock.now(), ...call, status, code, message: messageOf(answer), request_id, fault: fault ? faultName(fault) : null });
  if (fault?.drop) c.env.incoming.socket.destroy();
  return c.body(answer.body, answer.status as ContentfulStatusCode, answer.headers);
}

const messageOf = ({ code, body }: Answer): string => (code === 0 ? '' : (/"message":"((?:[^"\\]|\\.)*)"/.exec(body)?.[1] ?? ''));

async function underFault(world: World, fault: Fault, act: Served['act']): Promise<Answer> {
  if (fault.drop === 'before') return shopError(world.clock.now(), new ShopFault(36009003, 'dropped', 503));
  if (!fault.answer) return act();
  const { status, code, message, body, retry_after_s, acted } = fault.answer;
  if (acted) await act();
  const headers: Record<string, string> = retry_after_s === undefined ? {} : { 'retry-after': String(retry_after_s) };
  const refusal = shopError(world.clock.now(), new ShopFault(code, message, status, headers));
  return body === undefined ? refusal : { ...refusal, body, headers: { ...headers, 'content-type': 'text/html; charset=utf-8' } };
}
