import { beforeAll, describe, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { buildWorkflowBundle } from '../../workers/workflow-bundle.ts';
import { HISTORIES, loadHistory, type RecordedHistory } from '../helpers/record-history.ts';

const names = readdirSync(HISTORIES).flatMap((file) => (file.endsWith('.json') ? file.slice(0, -'.json'.length) : []));

describe('A recorded history', () => {
  let bundle: { codePath: string };
  beforeAll(async () => {
    Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'OFF', forward: {} } } });
    bundle = await buildWorkflowBundle();
  });
  const replay = ({ workflowId, history }: RecordedHistory): Promise<void> =>
    Worker.runReplayHistory({ workflowBundle: bundle }, history, workflowId);

  test.each(names)('is replayed by the workflow of today: %s', async (name) => {
    await replay(await loadHistory(name));
  });

  test('that the workflow can not have made is noticed', async () => {
    const changed = await loadHistory('deliver-actions', (text) => text.replaceAll('"deliverBatch"', '"somethingElse"'));
    await expect(replay(changed)).rejects.toMatchObject({ name: DeterminismViolationError.name });
  });
});
