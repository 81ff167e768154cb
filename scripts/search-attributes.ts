import type { Connection } from '@temporalio/client';

/** What makes a workflow findable in the Temporal UI. */
export const SEARCH_ATTRIBUTES = {
  LivestreamStatus: 'Keyword',
  WorkspaceId: 'Keyword',
  TikTokUsername: 'Keyword',
  Target: 'Keyword',
} as const;

/** temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD */
const KEYWORD = 2;

/**
 * Registers our search attributes in a namespace; those that are there already stay as they are.
 * @returns the names of those that were added now
 */
export async function registerSearchAttributes(connection: Connection, namespace: string): Promise<string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.keys(SEARCH_ATTRIBUTES).filter((name) => !(name in customAttributes));
  if (missing.length > 0) {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])) });
  }
  return missing;
}
