import type { WorkflowHandle } from '@temporalio/client';

/** All that a workflow's history holds as text, its payloads included: what must not be there is looked for in it. */
export async function historyText(handle: Pick<WorkflowHandle, 'fetchHistory'>): Promise<string> {
  const { events } = await handle.fetchHistory();
  // An event's own toJSON has made base64 of a payload's bytes.
  return JSON.stringify(events, (key, value: unknown) => (key === 'data' && typeof value === 'string' ? Buffer.from(value, 'base64').toString() : value));
}
