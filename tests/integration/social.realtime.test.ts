import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { notifyAppUser } from '../../db/app-notification.repository.ts';
import { newId } from '../../db/ids.ts';
import type { DirectMessageTold, NotificationTold } from '../../domain/contracts/app-events.ts';
import { closeClients, connectChat, type Ears } from '../helpers/chat.ts';
import { eventually } from '../helpers/eventually.ts';
import { appUser, type TestAppUser } from '../helpers/social.ts';
import { startAppProcess, type AppProcess } from '../helpers/social-realtime.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterEach(closeClients);
afterAll(() => api.close());

const connect = (process: AppProcess, { token }: TestAppUser): Promise<Ears> => connectChat(process.url, token);
const messages = (ears: Ears): string[] => ears.told<DirectMessageTold>('direct_message').map(({ message }) => message);
const notices = (ears: Ears): NotificationTold[] => ears.told<NotificationTold>('notification');
const send = async (process: AppProcess, from: TestAppUser, to: TestAppUser, message: string, request_id: string = newId()) => {
  const answer = await process.verb<{ Message: { id: string } }>('sendMessage', { receiver_id: to.id, message, request_id }, from.token);
  expect(answer.code).toBe(200);
  return answer.msg.Message;
};
const follow = (who: TestAppUser, by: TestAppUser) =>
  notifyAppUser(api.deps.db, { workspace_id: who.row.workspace_id, user_id: who.id, sender_id: by.id, kind: 'follow', text: `${by.username} follows you` });
const cut = (ears: Ears): Promise<string> => new Promise((resolve) => ears.client.once('disconnect', resolve));

describe('One API process', () => {
  let process: AppProcess;
  beforeAll(async () => {
    process = await startAppProcess(api);
  });
  afterAll(() => process.close());

  test('a message is heard by its receiver and by all devices of its sender, and by nobody else; a deletion too', async () => {
    const [ada, bob, eve] = await Promise.all([appUser(api), appUser(api), appUser(api)]);
    const [phone, tablet, other, stranger] = await Promise.all([connect(process, ada!), connect(process, ada!), connect(process, bob!), connect(process, eve!)]);
    const { id } = await send(process, ada!, bob!, 'hello');
    for (const ears of [phone, tablet, other]) await eventually(() => messages(ears).length === 1);
    expect(other.told<DirectMessageTold>('direct_message')[0]).toEqual({ id, conversation_id: expect.any(String), sender_id: ada!.id, receiver_id: bob!.id, position: 1, message: 'hello', created_at: expect.any(String) });
    expect((await process.verb('deleteMessage', { message_id: id }, ada!.token)).code).toBe(200);
    for (const ears of [phone, other]) await eventually(() => ears.told('direct_message_deleted').length === 1);
    expect(stranger.events).toEqual([]);
  });

  test('a request that comes twice is heard once', async () => {
    const [ada, bob] = await Promise.all([appUser(api), appUser(api)]);
    const ears = await connect(process, bob!);
    const request = newId();
    await send(process, ada!, bob!, 'once', request);
    await send(process, ada!, bob!, 'once', request);
    await send(process, ada!, bob!, 'last');
    await eventually(() => messages(ears).includes('last'));
    expect(messages(ears)).toEqual(['once', 'last']);
  });

  test('a notification is heard with its commit', async () => {
    const [ada, bob] = await Promise.all([appUser(api), appUser(api)]);
    const ears = await connect(process, ada!);
    // Until the process listens at PostgreSQL, nobody is told at once.
    await eventually(async () => {
      await follow(ada!, bob!);
      return eventually(() => notices(ears).length > 0, { timeoutMs: 500 });
    });
    expect(notices(ears)[0]).toEqual({ id: expect.any(String), kind: 'follow', text: `${bob!.username} follows you`, sender_id: bob!.id, video_id: null, subject_id: null, created_at: expect.any(String) });
    const rolledBack = api.deps.db.transaction().execute(async (trx) => {
      await notifyAppUser(trx, { workspace_id: ada!.row.workspace_id, user_id: ada!.id, sender_id: null, kind: 'system', text: 'never' });
      throw new Error('rolled back');
    });
    await expect(rolledBack).rejects.toThrow('rolled back');
    await follow(ada!, bob!);
    await eventually(() => notices(ears).length > 1);
    expect(notices(ears).some(({ text }) => text === 'never')).toBe(false);
  });

  test('a burst of notifications is heard without a gap', async () => {
    const [ada, bob] = await Promise.all([appUser(api), appUser(api)]);
    const ears = await connect(process, ada!);
    await eventually(async () => {
      await follow(ada!, bob!);
      return eventually(() => notices(ears).length > 0, { timeoutMs: 500 });
    });
    const ids = await Promise.all(Array.from({ length: 100 }, () => follow(ada!, bob!)));
    await eventually(() => ids.every((id) => notices(ears).some((told) => told.id === id)));
    expect(new Set(notices(ears).map(({ id }) => id)).size).toBe(notices(ears).length);
  });

  test('a user who is deleted is cut off, and refused from then on', async () => {
    const [ada, bob] = await Promise.all([appUser(api), appUser(api)]);
    const [first, second, other] = await Promise.all([connect(process, ada!), connect(process, ada!), connect(process, bob!)]);
    const cuts = Promise.all([cut(first), cut(second)]);
    await api.deps.db.updateTable('app_users').set({ deleted_at: new Date() }).where('id', '=', ada!.id).execute();
    expect(await cuts).toEqual(['io server disconnect', 'io server disconnect']);
    expect(first.told('closing')).toEqual([{ code: 'unauthenticated', message: expect.any(String), reconnect: false }]);
    await expect(connect(process, ada!)).rejects.toMatchObject({ data: { code: 'unauthenticated' } });
    expect(other.client.connected).toBe(true);
  });

  test('who was deleted while nothing could be heard of it is cut once it can', async () => {
    const ada = await appUser(api);
    const ears = await connect(process, ada);
    const gone = cut(ears);
    const { pool } = api.deps;
    await pool.query('alter table app_users disable trigger app_users_gone');
    await pool.query('update app_users set deleted_at = now() where id = $1', [ada.id]);
    await pool.query('alter table app_users enable trigger app_users_gone');
    await pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'showrunner-listener'`);
    expect(await gone).toBe('io server disconnect');
  });
});

describe('Two API processes', () => {
  let processes: [AppProcess, AppProcess];
  afterEach(async () => {
    closeClients();
    await Promise.all(processes.map((each) => each.close()));
  });

  test('joined by Redis: messages, notifications and deletions reach users of both, once', async () => {
    const redisUrl = globalThis.process.env.TEST_REDIS_URL;
    if (!redisUrl) throw new Error('Redis is needed: TEST_REDIS_URL');
    processes = [await startAppProcess(api, redisUrl), await startAppProcess(api, redisUrl)];
    const [one, two] = processes;
    const [ada, bob] = await Promise.all([appUser(api), appUser(api)]);
    const [adaOne, adaTwo, bobTwo] = await Promise.all([connect(one, ada!), connect(two, ada!), connect(two, bob!)]);
    await send(one, ada!, bob!, 'from one');
    await send(two, bob!, ada!, 'from two');
    for (const ears of [adaOne, adaTwo, bobTwo]) await eventually(() => messages(ears).length >= 2);
    await eventually(async () => {
      await follow(ada!, bob!);
      return eventually(() => notices(adaOne).length > 0 && notices(adaTwo).length > 0, { timeoutMs: 500 });
    });
    const last = await follow(ada!, bob!);
    for (const ears of [adaOne, adaTwo]) {
      await eventually(() => notices(ears).some(({ id }) => id === last));
      expect(new Set(notices(ears).map(({ id }) => id)).size).toBe(notices(ears).length);
    }
    for (const ears of [adaOne, adaTwo, bobTwo]) expect(messages(ears).sort()).toEqual(['from one', 'from two']);

    const cuts = Promise.all([cut(adaOne), cut(adaTwo)]);
    await api.deps.db.updateTable('app_users').set({ deleted_at: new Date() }).where('id', '=', ada!.id).execute();
    expect(await cuts).toEqual(['io server disconnect', 'io server disconnect']);
  });

  test('not joined: notifications and deletions still reach both', async () => {
    processes = [await startAppProcess(api), await startAppProcess(api)];
    const [ada, bob] = await Promise.all([appUser(api), appUser(api)]);
    const [adaOne, adaTwo] = await Promise.all(processes.map((each) => connect(each, ada!)));
    await eventually(async () => {
      await follow(ada!, bob!);
      return eventually(() => notices(adaOne!).length > 0 && notices(adaTwo!).length > 0, { timeoutMs: 500 });
    });
    const cuts = Promise.all([cut(adaOne!), cut(adaTwo!)]);
    await api.deps.db.updateTable('app_users').set({ deleted_at: new Date() }).where('id', '=', ada!.id).execute();
    await cuts;
  });
});
