import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createChatRestrictionActivities } from '../../activities/streaming/chat-restriction.ts';
import { chatRestrictionWorkflowId, taskQueue } from '../../domain/names.ts';
import { restrictionChangedSignal } from '../../workflows/chat-restriction.messages.ts';
import { ask, closeClients, joinChat, okay, say, seedStream, startChat, type ChatProcess, type Ears } from '../helpers/chat.ts';
import { eventually } from '../helpers/eventually.ts';
import { testTemporal, type TestTemporal } from '../helpers/temporal.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

describe('The timer of a mute', () => {
  let api: TestApi;
  let temporal: TestTemporal;
  let chat: ChatProcess;
  let owner: Person;
  let ada: Person;
  let stream: string;
  let boss: Ears;
  let viewer: Ears;
  const prefix = `chat-${randomUUID()}-`;
  const queue = taskQueue('media', prefix);

  beforeAll(async () => {
    [api, temporal] = await Promise.all([createTestApi(), testTemporal()]);
    const { workflow } = temporal.client;
    api.temporal.streaming.restrictChat = async (input) => {
      if (!api.temporal.reachable) throw new Error('Temporal is away');
      await workflow.start('chatRestriction', { taskQueue: queue, workflowId: chatRestrictionWorkflowId(input.restriction_id), workflowIdConflictPolicy: 'USE_EXISTING', args: [input] });
    };
    api.temporal.streaming.restrictionChanged = async (id) => {
      if (!api.temporal.reachable) throw new Error('Temporal is away');
      await workflow.getHandle(chatRestrictionWorkflowId(id)).signal(restrictionChangedSignal);
    };
    await temporal.runWorker({ taskQueue: queue, activities: createChatRestrictionActivities({ db: api.database.db, client: temporal.client, taskQueuePrefix: prefix }) });
    chat = await startChat(api, { limits: { burst: 1_000 } });
    [owner, ada] = await Promise.all([api.person(), api.person()]);
    stream = await seedStream(api, owner);
    [boss, viewer] = await Promise.all([joinChat(chat.url, owner.token, stream), joinChat(chat.url, ada.token, stream)]);
  });
  afterEach(() => {
    api.temporal.reachable = true;
  });
  afterAll(async () => {
    closeClients();
    await chat.close();
    await temporal.close();
    await api.close();
  });

  const mute = async (seconds: number) => okay(await ask(boss, 'moderate', { stream_id: stream, user_id: ada.user_id, kind: 'mute', seconds })).restriction;
  const rowOf = (id: string) => api.database.db.selectFrom('chat_restrictions').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  const timerOf = (id: string) => temporal.client.workflow.getHandle(chatRestrictionWorkflowId(id));
  const sweep = () => temporal.client.workflow.execute('sweepChatRestrictions', { taskQueue: queue, workflowId: `sweep:${randomUUID()}`, args: [] });

  test('lifts it when its time is over, and says so to the open socket', async () => {
    const before = viewer.told('restriction_lifted').length;
    const { id } = await mute(5);
    expect(await ask(viewer, 'chat_message', { stream_id: stream, message: 'muted' })).toMatchObject({ code: 'chat_muted' });
    await eventually(async () => (await rowOf(id)).lifted_at);
    await eventually(() => viewer.told('restriction_lifted').length > before);
    await timerOf(id).result();
    expect(await rowOf(id)).toMatchObject({ lifted_by: null, timer_started_at: expect.any(Date) });
    await say(viewer, stream, 'free');
  });

  test('takes another time, and ends where somebody lifts it before', async () => {
    const { id } = await mute(3_600);
    await eventually(async () => (await rowOf(id)).timer_started_at);
    expect((await mute(7_200)).id).toBe(id);
    await eventually(async () => (await rowOf(id)).timer_started_at);
    expect((await rowOf(id)).until!.getTime()).toBeGreaterThan(Date.now() + 7_000_000);
    okay(await ask(boss, 'lift', { stream_id: stream, user_id: ada.user_id, kind: 'mute' }));
    await timerOf(id).result();
    expect(await rowOf(id)).toMatchObject({ lifted_by: owner.user_id });
    await say(viewer, stream, 'free again');
  });

  test('is started by the sweep where Temporal was away; the mute held from the first moment', async () => {
    api.temporal.reachable = false;
    const { id } = await mute(3_600);
    expect(await ask(viewer, 'chat_message', { stream_id: stream, message: 'muted' })).toMatchObject({ code: 'chat_muted' });
    expect((await rowOf(id)).timer_started_at).toBeNull();
    api.temporal.reachable = true;
    await api.database.pool.query(`update chat_restrictions set created_at = now() - interval '1 minute' where id = $1`, [id]);
    expect(await sweep()).toEqual({ started: 1, lifted: 0 });
    expect((await timerOf(id).describe()).status.name).toBe('RUNNING');
    expect(await sweep()).toEqual({ started: 0, lifted: 0 });
    okay(await ask(boss, 'lift', { stream_id: stream, user_id: ada.user_id, kind: 'mute' }));
    await timerOf(id).result();
  });

  test('that was lost altogether is made up for by the sweep', async () => {
    api.temporal.reachable = false;
    const { id } = await mute(3_600);
    await api.database.pool.query(`update chat_restrictions set until = now() - interval '1 second' where id = $1`, [id]);
    expect(await sweep()).toEqual({ started: 0, lifted: 1 });
    await eventually(async () => (await ask(viewer, 'chat_message', { stream_id: stream, message: 'free' })).ok);
  });
});
