import { setTimeout as delay } from 'node:timers/promises';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Account } from '../state/accounts.ts';
import { faultName } from '../../fault-book.ts';
import type { Fault } from '../state/faults.ts';
import type { World } from '../world.ts';
import type { Answer } from './answers.ts';
import type { OpenApiPath } from './paths.ts';

export interface Env {
  Bindings: HttpBindings;
}

interface Served {
  path: OpenApiPath;
  account: Account | null;
  /** Never throws. */
  act: () => Answer | Promise<Answer>;
  /** TikTok's envelope for a fault that was ordered. */
  refuse: (status: number, code: string, message: string) => Answer;
}

/** Answers one call, or does to it what the faults say: late, refused, or with the connection cut before or after it was done. */
export async function serve(world: World, c: Context<Env>, { path, account, act, refuse }: Served): Promise<Response> {
  const fault = world.faults.take({ path, account });
  if (fault && fault.delay_ms > 0) await delay(fault.delay_ms, undefined, { ref: false });
  const answer = fault ? await underFault(fault, act, refuse) : await act();
  world.journal.saw({
    at_ms: world.clock.now(),
    path,
    username: account?.username ?? null,
    status: answer.status,
    code: answer.code,
    log_id: answer.log_id,
    fault: fault ? faultName(fault) : null,
  });
  if (fault?.drop) c.env.incoming.socket.destroy();
  return c.body(answer.body, answer.status as ContentfulStatusCode, answer.headers);
}

async function underFault(fault: Fault, act: Served['act'], refuse: Served['refuse']): Promise<Answer> {
  if (fault.drop === 'before') return refuse(503, 'dropped', '');
  if (!fault.answer) return act();
  const { status, code, message, body, retry_after_s, acted } = fault.answer;
  if (acted) await act();
  const refusal = refuse(status, code, message);
  const headers = { ...refusal.headers, ...(retry_after_s === undefined ? {} : { 'retry-after': String(retry_after_s) }) };
  return { ...refusal, headers, ...(body === undefined ? {} : { body, headers: { ...headers, 'content-type': 'text/html; charset=utf-8' } }) };
}
