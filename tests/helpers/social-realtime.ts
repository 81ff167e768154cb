import { createRealtime } from '../../api/realtime.ts';
import { startChat, type ChatProcess } from './chat.ts';
import { verb, type VerbAnswer } from './social.ts';
import type { TestApi } from './test-api.ts';

/** One of several API processes in this one, with routes and sockets of its own over the same database. */
export interface AppProcess extends ChatProcess {
  verb<M = never>(name: string, fields: Record<string, unknown>, token?: string): Promise<VerbAnswer<M>>;
}

export async function startAppProcess(api: TestApi, redisUrl: string | null = null): Promise<AppProcess> {
  const realtime = createRealtime();
  const own = { ...api, deps: { ...api.deps, realtime } };
  const started = await startChat(own, { redisUrl });
  realtime.connect(started.chat.realtime);
  const caller: TestApi = {
    ...own,
    async call(method, path, { body } = {}) {
      const answer = await fetch(`${started.url}${path}`, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
      return { status: answer.status, headers: answer.headers, body: (await answer.json()) as never };
    },
  };
  return Object.assign(started, { verb: <M>(name: string, fields: Record<string, unknown>, token?: string) => verb<M>(caller, name, fields, token) });
}
