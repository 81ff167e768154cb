import { newId } from '../../db/ids.ts';
import { accountDeletionWorkflowId, dataExportWorkflowId } from '../../domain/names.ts';
import { createAccountWorld, createLife, type AccountWorld } from './account-world.ts';
import { recordHistory } from './record-history.ts';
import { appUser, verb } from './social.ts';

/** Each runs a workflow to its end and gives its id. */
const RECORDINGS: Record<string, (world: AccountWorld) => Promise<string>> = {
  'delete-account': deleted,
  'export-data': (world) => exported(world, false),
  'export-data-failed': (world) => exported(world, true),
  'sweep-accounts': swept,
};
export const ACCOUNT_RECORDINGS = Object.keys(RECORDINGS);

/** @returns the files */
export async function recordAccounts(names: readonly string[]): Promise<string[]> {
  const world = await createAccountWorld();
  const files: string[] = [];
  try {
    await world.worker();
    for (const name of names) files.push(await recordHistory(world.temporal.client, name, await RECORDINGS[name]!(world)));
    return files;
  } finally {
    await world.close();
  }
}

async function deleted(world: AccountWorld): Promise<string> {
  const { ada } = await createLife(world);
  await verb(world.api, 'deleteUserAccount', {}, ada.token);
  await world.remove(ada);
  return accountDeletionWorkflowId(ada.id);
}

/** @param isGone the account was deleted before it came to be written */
async function exported(world: AccountWorld, isGone: boolean): Promise<string> {
  const user = await appUser(world.api);
  const { msg } = await verb<{ Export: { id: string } }>(world.api, 'exportUserData', {}, user.token);
  if (isGone) await verb(world.api, 'deleteUserAccount', {}, user.token);
  await world.export(user, msg.Export.id);
  return dataExportWorkflowId(msg.Export.id);
}

async function swept(world: AccountWorld): Promise<string> {
  const workflowId = `sweep-${newId()}`;
  await world.temporal.client.workflow.execute('sweepAccounts', { taskQueue: world.temporal.taskQueue, workflowId });
  return workflowId;
}
