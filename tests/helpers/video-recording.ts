import { newId } from '../../db/ids.ts';
import { processVideoWorkflowId } from '../../domain/names.ts';
import { createAppVideoWorld, type AppVideoWorld } from './app-video-world.ts';
import { recordHistory } from './record-history.ts';
import { testVideo } from './recordings.ts';

/** Each runs a workflow to its end and gives its id. */
const RECORDINGS: Record<string, (world: AppVideoWorld) => Promise<string>> = {
  'process-video': async (world) => processed(world, await testVideo({ seconds: 1 })),
  'process-video-failed': (world) => processed(world, Buffer.from('This is no video.')),
  'sweep-videos': swept,
};
export const VIDEO_RECORDINGS = Object.keys(RECORDINGS);

/** @returns the files */
export async function recordVideos(names: readonly string[]): Promise<string[]> {
  const world = await createAppVideoWorld();
  const files: string[] = [];
  try {
    await world.worker();
    for (const name of names) files.push(await recordHistory(world.temporal.client, name, await RECORDINGS[name]!(world)));
    return files;
  } finally {
    await world.close();
  }
}

async function processed(world: AppVideoWorld, bytes: Buffer): Promise<string> {
  const id = await world.uploaded(bytes, { description: 'My #lamp' });
  await world.process(id);
  return processVideoWorkflowId(id);
}

async function swept(world: AppVideoWorld): Promise<string> {
  const workflowId = `sweep-${newId()}`;
  await world.temporal.client.workflow.execute('sweepVideos', { taskQueue: world.temporal.taskQueue, workflowId });
  return workflowId;
}
