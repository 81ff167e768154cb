import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { signToken } from '../../db/signed-token.ts';
import { ask, closeClients, connectChat, joinChat, say, startChat, type ChatProcess } from '../helpers/chat.ts';
import { eventually } from '../helpers/eventually.ts';
import { appUser, verb, type TestAppUser } from '../helpers/social.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';
import { liveStreamOf } from '../helpers/wallet.ts';

let api: TestApi;
let one: ChatProcess;
let two: ChatProcess;
let ada: TestAppUser;
let bob: TestAppUser;
let stream: string;

beforeAll(async () => {
  api = await createTestApi();
  [one, two] = await Promise.all([startChat(api), startChat(api)]);
});
afterAll(async () => {
  await Promise.all([one.close(), two.close()]);
  await api.close();
});
beforeEach(async () => {
  [ada, bob] = await Promise.all([appUser(api), appUser(api)]);
  stream = await liveStreamOf(api, ada);
});
afterEach(closeClients);

const block = (by: TestAppUser, whom: TestAppUser, wanted = '1') => verb(api, 'blockUser', { user_id: whom.id, block: wanted }, by.token);
const joins = async (process: ChatProcess, token?: string) => ask(await connectChat(process.url, bob.token), 'join', { stream_id: stream, ...(token !== undefined && { token }) });
const written = async () => (await api.deps.db.selectFrom('chat_messages').select('message').where('stream_id', '=', stream).where('user_id', '=', bob.id).execute()).map(({ message }) => message);

describe('A block between a live’s owner and one of its viewers', () => {
  test.each([
    ['the owner', () => [ada, bob]],
    ['the viewer', () => [bob, ada]],
  ])('by %s takes the viewer out of that chat in every process, and out of no other', async (_, pair) => {
    const elsewhere = await liveStreamOf(api, await appUser(api));
    const [here, there] = await Promise.all([joinChat(one.url, bob.token, stream), joinChat(two.url, bob.token, stream)]);
    expect(await ask(here, 'join', { stream_id: elsewhere })).toMatchObject({ ok: true });
    const [by, whom] = pair() as [TestAppUser, TestAppUser];
    expect((await block(by, whom)).code).toBe(200);
    await eventually(() => here.told('closed').length > 0 && there.told('closed').length > 0);
    expect([here.told('closed'), there.told('closed')]).toEqual(Array.from({ length: 2 }, () => [{ stream_id: stream, code: 'not_found' }]));
    expect(await ask(here, 'chat_message', { stream_id: stream, message: 'still here?' })).toMatchObject({ ok: false, code: 'chat_not_joined' });
    expect(await say(here, elsewhere, 'here I am')).toMatchObject({ message: 'here I am' });
    const others = await Promise.all([one, two].map(async ({ url }) => joinChat(url, (await appUser(api)).token, stream)));
    await Promise.all(others.map((other) => say(other, stream, 'among us')));
    await eventually(() => others.every(({ texts }) => texts.includes('among us')));
    expect([...here.texts, ...there.texts]).not.toContain('among us');
  });

  test('lets nobody in again, by a play token neither, until it is taken back', async () => {
    await block(ada, bob);
    const token = await signToken('play', stream, api.deps.config.jwtSecret, 600);
    for (const process of [one, two]) for (const each of [undefined, token]) expect(await joins(process, each)).toMatchObject({ ok: false, code: 'not_found' });
    await block(ada, bob, '0');
    expect(await joins(two)).toMatchObject({ ok: true });
  });

  test('holds from its commit on: what is written before the chats have heard of it is not stored', async () => {
    const viewer = await joinChat(one.url, bob.token, stream);
    await say(viewer, stream, 'before');
    // Without the notice, as in the moment before it comes.
    await api.deps.db.insertInto('blocks').values({ user_id: ada.id, blocked_id: bob.id }).execute();
    expect(await ask(viewer, 'chat_message', { stream_id: stream, message: 'after' })).toMatchObject({ ok: false, code: 'not_found' });
    expect(await written()).toEqual(['before']);
  });

  test('leaves a moderator of the chat where they are', async () => {
    await api.deps.db.insertInto('chat_moderators').values({ workspace_id: ada.row.workspace_id, user_id: bob.id, added_by: ada.id }).execute();
    const moderator = await joinChat(one.url, bob.token, stream);
    await block(ada, bob);
    const stranger = await joinChat(two.url, (await appUser(api)).token, stream);
    await say(stranger, stream, 'hello');
    await say(moderator, stream, 'mind your words');
    expect(moderator.told('closed')).toEqual([]);
  });

  test('gives nothing to who comes back by a recovered connection', async () => {
    const viewer = await connectChat(one.url, bob.token, { reconnection: true, reconnectionDelay: 3_000, reconnectionDelayMax: 3_000, randomizationFactor: 0 });
    expect(await ask(viewer, 'join', { stream_id: stream })).toMatchObject({ ok: true });
    const listener = await joinChat(one.url, ada.token, stream);
    // Something must have been heard for the connection to have a place to come back to.
    await say(listener, stream, 'welcome');
    await eventually(() => viewer.texts.includes('welcome'));
    const back = new Promise<boolean>((resolve) => viewer.client.once('connect', () => resolve(viewer.client.recovered)));
    viewer.client.io.engine.close();
    await block(ada, bob);
    await say(listener, stream, 'while they were away');
    expect(await back).toBe(false);
    expect(viewer.texts).toEqual(['welcome']);
  });
});
