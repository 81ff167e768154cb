import { createChatRestrictionActivities } from '../../activities/streaming/chat-restriction.ts';
import { lift, restrict } from '../../db/chat-restriction.repository.ts';
import { chatRestrictionWorkflowId } from '../../domain/names.ts';
import { restrictionChangedSignal } from '../../workflows/chat-restriction.messages.ts';
import { createTestDatabase } from './database.ts';
import { eventually } from './eventually.ts';
import { recordHistory } from './record-history.ts';
import { seedStream } from './recordings.ts';
import { seedWorkspace } from './seed.ts';
import { testTemporal } from './temporal.ts';

export const CHAT_RECORDINGS = ['chat-restriction', 'chat-restriction-lifted'] as const;

/** A mute that is made longer and ends by itself, and one that a person lifts. @returns the files */
export async function recordChat(wanted: readonly (typeof CHAT_RECORDINGS)[number][]): Promise<string[]> {
  const [database, temporal] = await Promise.all([createTestDatabase(), testTemporal()]);
  const { db } = database;
  const owner = await seedWorkspace(db);
  const viewer = await seedWorkspace(db);
  const stream_id = await seedStream(db, owner);
  await temporal.runWorker({ activities: createChatRestrictionActivities({ db, client: temporal.client, taskQueuePrefix: '' }) });
  const mute = (seconds: number) => restrict(db, { workspace_id: owner.workspace_id, stream_id, user_id: viewer.user_id, kind: 'mute', reason: null, seconds, created_by: owner.user_id });
  const start = async (seconds: number) => {
    const { id, until } = await mute(seconds);
    const workflowId = chatRestrictionWorkflowId(id);
    const handle = await temporal.client.workflow.start('chatRestriction', { taskQueue: temporal.taskQueue, workflowId, args: [{ restriction_id: id, workspace_id: owner.workspace_id, until_ms: Date.parse(until!) }] });
    // The first sleep has begun.
    await eventually(async () => (await handle.describe()).historyLength > 4);
    return { id, workflowId, handle };
  };
  const runs = {
    async 'chat-restriction'() {
      const { workflowId, handle } = await start(600);
      await mute(2);
      await handle.signal(restrictionChangedSignal);
      await handle.result();
      return workflowId;
    },
    async 'chat-restriction-lifted'() {
      const { id, workflowId, handle } = await start(600);
      await lift(db, { workspaceId: owner.workspace_id, streamId: stream_id, restrictionId: id }, owner.user_id);
      await handle.signal(restrictionChangedSignal);
      await handle.result();
      return workflowId;
    },
  };
  try {
    const files: string[] = [];
    for (const name of wanted) files.push(await recordHistory(temporal.client, name, await runs[name]()));
    return files;
  } finally {
    await temporal.close();
    await database.drop();
  }
}
