import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import proto, { type temporal } from '@temporalio/proto';

const { History } = proto.temporal.api.history.v1;

export const HISTORIES = join(process.cwd(), 'tests', 'histories');

export interface RecordedHistory {
  workflowId: string;
  history: temporal.api.history.v1.History;
}

/**
 * Writes a workflow's history to tests/histories/<name>.json, for the replay tests. Names of processes and stack traces are left out.
 * (The SDK's own historyToJSON needs one protobufjs for all Temporal packages, which npm does not promise.)
 * @param runId which of its runs; absent: the last
 * @returns the file's path
 */
export async function recordHistory(client: Client, name: string, workflowId: string, runId?: string): Promise<string> {
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const plain = History.toObject(History.fromObject(history), { enums: String, longs: String, bytes: String });
  const anonymous = JSON.stringify({ workflowId, history: plain }, (key, value: unknown) => (key === 'identity' ? 'recorder' : key === 'stackTrace' ? '' : value), 1);
  const file = join(HISTORIES, `${name}.json`);
  await writeFile(file, `${anonymous}\n`);
  return file;
}

/** @param change applied to the file's text */
export async function loadHistory(name: string, change: (text: string) => string = (text) => text): Promise<RecordedHistory> {
  const { workflowId, history } = JSON.parse(change(await readFile(join(HISTORIES, `${name}.json`), 'utf8'))) as {
    workflowId: string;
    history: object;
  };
  return { workflowId, history: History.fromObject(history) };
}
