import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '../../db/ids.ts';
import { eventually } from '../helpers/eventually.ts';
import { appUser, verb, type TestAppUser } from '../helpers/social.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

interface Message {
  id: string;
  conversation_id: string;
  position: string;
  sender_id: string;
  receiver_id: string;
  message: string;
  deleted: string;
  read: string;
}
interface Page {
  Conversation: { id: string; unread_count: string; can_send: string };
  User: { id: string; username: string; profile_pic: string };
  Messages: Message[];
  next: string;
}
interface Conversations {
  Conversations: { Conversation: Page['Conversation']; User: Page['User']; Message: Message }[];
  unread_count: string;
  next: string;
}

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());

const people = (count: number): Promise<TestAppUser[]> => Promise.all(Array.from({ length: count }, () => appUser(api)));
const send = (from: TestAppUser, to: { id: string }, message: string, request_id: string = newId()) => verb<{ Message: Message }>(api, 'sendMessage', { receiver_id: to.id, message, request_id }, from.token);
/** As an app does it: what we could not serve is asked again, under the same request id. */
const sendAgain = async (from: TestAppUser, to: { id: string }, message: string) => {
  const request = newId();
  return eventually(async () => {
    const answer = await send(from, to, message, request);
    return answer.code === 500 ? null : answer;
  });
};
const sent = async (from: TestAppUser, to: { id: string }, message: string): Promise<Message> => {
  const { code, msg } = await sendAgain(from, to, message);
  expect([code, typeof msg === 'string' ? msg : '']).toEqual([200, '']);
  return msg.Message;
};
const show = (user: TestAppUser, fields: Record<string, unknown>): Promise<Page> =>
  eventually(async () => {
    const { code, msg } = await verb<Page>(api, 'showMessages', fields, user.token);
    if (code === 500) return null;
    expect(code).toBe(200);
    return msg;
  });
const conversations = async (user: TestAppUser, fields: Record<string, unknown> = {}): Promise<Conversations> => {
  const { code, msg } = await verb<Conversations>(api, 'showConversations', fields, user.token);
  expect(code).toBe(200);
  return msg;
};
const block = (user: TestAppUser, other: TestAppUser): Promise<unknown> => api.deps.db.insertInto('blocks').values({ user_id: user.id, blocked_id: other.id }).execute();
const follow = (follower_id: string, followee_id: string, state: 'accepted' | 'requested' = 'accepted') => api.deps.db.insertInto('follows').values({ follower_id, followee_id, state }).execute();

test('a message is read by the other, unread until then, and answered in the same conversation', async () => {
  const [ada, bob] = await people(2);
  const first = await sent(ada!, bob!, 'hello');
  expect(first).toMatchObject({ position: '1', sender_id: ada!.id, receiver_id: bob!.id, message: 'hello', deleted: '0', read: '0' });
  const inbox = await conversations(bob!);
  expect(inbox).toMatchObject({ unread_count: '1', next: '', Conversations: [{ Conversation: { id: first.conversation_id, unread_count: '1', can_send: '1' }, User: { id: ada!.id, username: ada!.username }, Message: { message: 'hello' } }] });
  expect((await conversations(ada!)).unread_count).toBe('0');

  const page = await show(bob!, { conversation_id: first.conversation_id });
  expect(page).toMatchObject({ Conversation: { unread_count: '0' }, User: { id: ada!.id }, Messages: [{ message: 'hello', read: '1' }], next: '' });
  const answer = await sent(bob!, ada!, 'hello you');
  expect(answer).toMatchObject({ conversation_id: first.conversation_id, position: '2' });
  expect((await show(ada!, { user_id: bob!.id })).Messages.map(({ message, read }) => [message, read])).toEqual([
    ['hello you', '1'],
    ['hello', '1'],
  ]);
});

test('200 messages of two people at once: every one once, positions without gaps, exact unread counts', async () => {
  const [ada, bob] = await people(2);
  const texts = Array.from({ length: 100 }, (_, index) => index);
  const answers = await Promise.all(texts.flatMap((index) => [sendAgain(ada!, bob!, `a${index}`), sendAgain(bob!, ada!, `b${index}`)]));
  expect(answers.filter(({ code }) => code !== 200)).toEqual([]);
  const { db } = api.deps;
  const rows = await db.selectFrom('direct_messages').selectAll().where('conversation_id', '=', answers[0]!.msg.Message.conversation_id).orderBy('position').execute();
  expect(rows.map(({ position }) => position)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  expect(new Set(rows.map(({ message }) => message)).size).toBe(200);
  const times = rows.map(({ created_at }) => created_at.getTime());
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect((await conversations(ada!)).unread_count).toBe('100');
  const told = await db.selectFrom('app_notifications').select('id').where('user_id', '=', bob!.id).where('kind', '=', 'message').execute();
  expect(told.length).toBeLessThanOrEqual(2);
});

test('unread counts stay exact while one reads and the other writes', async () => {
  const [ada, bob] = await people(2);
  const { conversation_id } = await sent(ada!, bob!, 'first');
  const results = await Promise.all([...Array.from({ length: 60 }, (_, index) => sent(ada!, bob!, `m${index}`)), ...Array.from({ length: 20 }, () => show(bob!, { conversation_id }))]);
  const pages = results.slice(60) as Page[];
  const readUpTo = Math.max(...pages.map(({ Messages }) => Number(Messages[0]!.position)));
  expect((await conversations(bob!)).Conversations[0]!.Conversation.unread_count).toBe(String(61 - readUpTo));
  await show(bob!, { conversation_id });
  expect((await conversations(bob!)).unread_count).toBe('0');
});

test('the same request stores once and answers the same; another text, or another receiver, under it is refused', async () => {
  const [ada, bob, eve] = await people(3);
  const request = newId();
  const answers = await Promise.all(Array.from({ length: 10 }, () => send(ada!, bob!, 'once', request)));
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect((await show(bob!, { user_id: ada!.id })).Messages).toHaveLength(1);
  expect(await send(ada!, bob!, 'twice', request)).toEqual({ code: 201, msg: expect.stringContaining('request id') });
  expect(await send(ada!, eve!, 'once', request)).toEqual({ code: 201, msg: expect.stringContaining('request id') });
  expect((await conversations(eve!)).Conversations).toEqual([]);
  expect((await send(eve!, bob!, 'mine', request)).code).toBe(200);
});

test('one request at the same moment to two people: one of them has it', async () => {
  const [ada, bob, eve] = await people(3);
  const request = newId();
  const codes = (await Promise.all([send(ada!, bob!, 'to one', request), send(ada!, eve!, 'to one', request)])).map(({ code }) => code);
  expect(codes.sort()).toEqual([200, 201]);
});

test('a block, either way, refuses at once; what was written stays readable', async () => {
  const [ada, bob] = await people(2);
  const { conversation_id } = await sent(ada!, bob!, 'before');
  await block(bob!, ada!);
  for (const [from, to] of [
    [ada!, bob!],
    [bob!, ada!],
  ] as const) {
    expect(await send(from, to, 'after')).toEqual({ code: 201, msg: expect.stringContaining('blocked') });
    const page = await show(from, { conversation_id });
    expect(page).toMatchObject({ Conversation: { can_send: '0' }, User: { id: to.id, username: to.username, profile_pic: '', button: '' }, Messages: [{ message: 'before' }] });
    expect((await conversations(from)).Conversations).toHaveLength(1);
  }
});

test('a block that comes while many messages wait for their turn holds for all that come after it', async () => {
  const [ada, bob] = await people(2);
  await sent(ada!, bob!, 'first');
  const { db } = api.deps;
  const sending = db.transaction().execute(async (trx) => {
    await trx.selectFrom('conversations').selectAll().where('low_id', '=', ada!.id < bob!.id ? ada!.id : bob!.id).forUpdate().execute();
    const waiting = send(ada!, bob!, 'too late');
    await eventually(async () => (await api.deps.pool.query(`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).rows.length > 0);
    await block(bob!, ada!);
    return { waiting };
  });
  expect((await (await sending).waiting).code).toBe(201);
});

test('privacy: friends are those who follow each other; no_one is nobody', async () => {
  const [ada] = await people(1);
  const shy = await appUser(api, { privacy: JSON.stringify({ direct_message: 'friends' }) });
  const closed = await appUser(api, { privacy: JSON.stringify({ direct_message: 'no_one' }) });
  const refused = { code: 201, msg: expect.stringContaining('takes no messages') };
  expect(await send(ada!, shy, 'hi')).toEqual(refused);
  await follow(ada!.id, shy.id);
  expect(await send(ada!, shy, 'hi')).toEqual(refused);
  await follow(shy.id, ada!.id, 'requested');
  expect(await send(ada!, shy, 'hi')).toEqual(refused);
  await api.deps.db.updateTable('follows').set({ state: 'accepted' }).where('follower_id', '=', shy.id).execute();
  expect((await send(ada!, shy, 'hi')).code).toBe(200);
  await follow(ada!.id, closed.id);
  await follow(closed.id, ada!.id);
  expect(await send(ada!, closed, 'hi')).toEqual(refused);
  expect((await send(closed, ada!, 'but I write')).code).toBe(200);
});

test('nobody writes to themselves, to the deleted, to the unknown, to another workspace, or nothing', async () => {
  const [ada, gone] = await people(2);
  const { conversation_id } = await sent(ada!, gone!, 'before');
  await api.deps.db.updateTable('app_users').set({ deleted_at: new Date() }).where('id', '=', gone!.id).execute();
  const elsewhere = await appUser(api, { workspace_id: (await api.person()).workspace_id });
  for (const other of [gone!, { id: newId() }, elsewhere]) expect(await send(ada!, other, 'hi')).toEqual({ code: 201, msg: expect.stringContaining('not there') });
  expect(await send(ada!, ada!, 'hi')).toEqual({ code: 201, msg: 'receiver_id: is you' });
  const [bob] = await people(1);
  expect((await send(ada!, bob!, '   ')).code).toBe(201);
  expect((await send(ada!, bob!, 'x'.repeat(1_001))).code).toBe(201);
  expect((await send(ada!, bob!, 'x'.repeat(1_000))).code).toBe(200);
  expect(await show(ada!, { conversation_id })).toMatchObject({ Conversation: { can_send: '0' }, User: { id: gone!.id, username: '' } });
  expect((await verb(api, 'sendMessage', { receiver_id: ada!.id, message: 'x', request_id: newId() }, gone!.token)).code).toBe(401);
});

test('a conversation is not there for others', async () => {
  const [ada, bob, eve] = await people(3);
  const { conversation_id, id } = await sent(ada!, bob!, 'between us');
  expect((await verb(api, 'showMessages', { conversation_id }, eve!.token)).code).toBe(201);
  expect((await verb(api, 'deleteMessage', { message_id: id }, eve!.token)).code).toBe(201);
  expect((await verb(api, 'deleteMessage', { message_id: id }, bob!.token)).code).toBe(201);
  expect(await show(eve!, { user_id: ada!.id })).toMatchObject({ Conversation: { id: '' }, Messages: [] });
  expect((await verb(api, 'showMessages', {}, eve!.token)).msg).toContain('conversation_id');
  await block(ada!, eve!);
  expect((await verb(api, 'showMessages', { user_id: ada!.id }, eve!.token)).code).toBe(201);
});

test('a deleted message is empty for both, keeps its place, and is unread no more', async () => {
  const [ada, bob] = await people(2);
  const { id, conversation_id } = await sent(ada!, bob!, 'oh no');
  await sent(ada!, bob!, 'stays');
  const deleted = await verb<{ Message: Message }>(api, 'deleteMessage', { message_id: id }, ada!.token);
  expect(deleted).toMatchObject({ code: 200, msg: { Message: { id, message: '', deleted: '1', position: '1' } } });
  expect((await verb(api, 'deleteMessage', { message_id: id }, ada!.token)).code).toBe(200);
  expect((await conversations(bob!)).unread_count).toBe('1');
  expect((await show(bob!, { conversation_id })).Messages.map(({ message }) => message)).toEqual(['stays', '']);
  const { rows } = await api.deps.pool.query(`select 1 from direct_messages where message like '%oh no%' union all select 1 from app_notifications where text like '%oh no%'`);
  expect(rows).toEqual([]);
});

test('pages by cursor are exact while messages come in, and by starting_point too', async () => {
  const [ada, bob] = await people(2);
  for (let index = 1; index <= 45; index += 1) await sent(ada!, bob!, `m${index}`);
  const first = await show(bob!, { user_id: ada!.id });
  await sent(ada!, bob!, 'meanwhile');
  const second = await show(bob!, { user_id: ada!.id, cursor: first.next });
  const third = await show(bob!, { conversation_id: first.Conversation.id, cursor: second.next });
  const positions = [first, second, third].flatMap(({ Messages }) => Messages.map(({ position }) => Number(position)));
  expect(positions).toEqual(Array.from({ length: 45 }, (_, index) => 45 - index));
  // Older pages take nothing back of what was read, and read nothing that came since.
  expect([third.next, third.Conversation.unread_count]).toEqual(['', '1']);
  expect((await show(bob!, { user_id: ada!.id, starting_point: '2' })).Messages.map(({ position }) => position)).toEqual(['6', '5', '4', '3', '2', '1']);
  expect((await verb(api, 'showMessages', { user_id: ada!.id, cursor: 'nonsense' }, bob!.token)).code).toBe(201);
});

test('conversations come by their last message, over pages', async () => {
  const [ada, ...others] = await people(24);
  for (const other of others) await sent(other, ada!, `from ${other.username}`);
  await sent(ada!, others[0]!, 'you first');
  const first = await conversations(ada!);
  const second = await conversations(ada!, { cursor: first.next });
  const listed = [...first.Conversations, ...second.Conversations].map(({ User }) => User.id);
  expect(listed).toEqual([others[0]!, ...others.slice(1).toReversed()].map(({ id }) => id));
  expect(second.next).toBe('');
  expect(first.unread_count).toBe('23');
  expect((await conversations(ada!, { starting_point: '1' })).Conversations.map(({ User }) => User.id)).toEqual(second.Conversations.map(({ User }) => User.id));
});

/** Those of messages that a user was told of, oldest first. */
const toldOf = (user: TestAppUser) => api.deps.db.selectFrom('app_notifications').select(['id', 'read_at', 'push_state']).where('user_id', '=', user.id).where('kind', '=', 'message').orderBy('id').execute();

test('scrolling up reads no notification of a newer message, which was not shown', async () => {
  const [ada, bob] = await people(2);
  for (let index = 1; index <= 25; index += 1) await sent(ada!, bob!, `m${index}`);
  const first = await show(bob!, { user_id: ada!.id });
  await sent(ada!, bob!, 'meanwhile');
  const before = await toldOf(bob!);
  expect(before.at(-1)!.read_at).toBeNull();
  await show(bob!, { user_id: ada!.id, cursor: first.next });
  expect(await toldOf(bob!)).toEqual(before);
  // Once it is shown they are read.
  await show(bob!, { user_id: ada!.id });
  expect((await toldOf(bob!)).map(({ read_at }) => read_at)).not.toContain(null);
});

test('one’s own newer messages and deleted ones keep no notification unread', async () => {
  const [ada, bob] = await people(2);
  for (let index = 1; index <= 21; index += 1) await sent(ada!, bob!, `m${index}`);
  const { next } = await show(bob!, { user_id: ada!.id });
  const { id } = await sent(ada!, bob!, 'oh no');
  await sent(bob!, ada!, 'what?');
  expect((await verb(api, 'deleteMessage', { message_id: id }, ada!.token)).code).toBe(200);
  await show(bob!, { user_id: ada!.id, cursor: next });
  expect((await toldOf(bob!)).map(({ read_at }) => read_at)).not.toContain(null);
});

test('a notification that was read without its conversation keeps the next message from nobody', async () => {
  const [ada, bob] = await people(2);
  const { db } = api.deps;
  await sent(ada!, bob!, 'one');
  expect((await verb(api, 'readNotifications', {}, bob!.token)).code).toBe(200);
  await db.updateTable('app_notifications').set({ push_state: 'not_needed' }).where('user_id', '=', bob!.id).execute();
  await Promise.all([sent(ada!, bob!, 'two'), sent(ada!, bob!, 'three')]);
  // The clock may have passed into the next five minutes in between, which tells once more; what was read before stays read.
  const [read, ...told] = await toldOf(bob!);
  expect(read).toMatchObject({ read_at: expect.any(Date), push_state: 'not_needed' });
  expect(told.length).toBeGreaterThan(0);
  for (const one of told) expect(one).toMatchObject({ read_at: null, push_state: 'pending' });
  expect(told.length).toBeLessThanOrEqual(2);
});

test('reading a conversation reads its notifications; the next message tells again', async () => {
  const [ada, bob] = await people(2);
  const unread = async () => (await verb<{ unread_count: string }>(api, 'showNotifications', {}, bob!.token)).msg.unread_count;
  const { conversation_id } = await sent(ada!, bob!, 'one');
  await sent(ada!, bob!, 'two');
  expect(await unread()).toBe('1');
  await show(bob!, { conversation_id });
  expect(await unread()).toBe('0');
  await sent(ada!, bob!, 'three');
  expect(await unread()).toBe('1');
});

test('a text that was cut in the middle of an emoji is the same one when it is sent again', async () => {
  const [ada, bob] = await people(2);
  const request = newId();
  const first = await send(ada!, bob!, 'hello \ud83d', request);
  expect([first.code, first.msg.Message.message]).toEqual([200, 'hello \ufffd']);
  expect(await send(ada!, bob!, 'hello \ud83d', request)).toMatchObject({ code: 200, msg: { Message: { id: first.msg.Message.id } } });
});
