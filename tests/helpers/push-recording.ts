import { eventually } from './eventually.ts';
import { createPushWorld } from './social-push.ts';
import { recordHistory } from './record-history.ts';

export const PUSH_RECORDING = 'push-notifications';

/** One run: it pushes, its activity is begun again, and it continues as new. @returns the file */
export async function recordPush(): Promise<string> {
  const world = await createPushWorld();
  try {
    await world.worker();
    const ada = await world.person();
    const notification = await world.notify(ada);
    const workflowId = await world.start({ run_ms: 300, runs: 3 });
    await world.settled(notification);
    const { client } = world.temporal;
    const { runId } = await client.workflow.getHandle(workflowId).describe();
    await eventually(async () => (await client.workflow.getHandle(workflowId, runId).describe()).status.name === 'CONTINUED_AS_NEW');
    return await recordHistory(client, PUSH_RECORDING, workflowId, runId);
  } finally {
    await world.close();
  }
}
