import type { WorkflowHandle } from '@temporalio/client';

/** All that a workflow's history holds as text, its payloads included: what must not be there is looked for in it. */
export async function historyText(handle: Pick<WorkflowHandle, 'fetchHistory'>): Promise<string> {
  const { events } = await handle.fetchHistory();
  return JSON.stringify(events, (_key, value: unknown) => decoded(value));
}

/** A Buffer has become { type, data } before a replacer sees it. */
function decoded(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  const isBuffer = typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value && Array.isArray(value.data);
  return isBuffer ? Buffer.from(value.data as number[]).toString() : value;
}
