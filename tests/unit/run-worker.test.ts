import { afterEach, expect, jest, test } from '@jest/globals';
import { GracefulShutdownPeriodExpiredError, Worker, type WorkerOptions } from '@temporalio/worker';
import { runWorker } from '../../workers/run-worker.ts';

afterEach(() => void jest.restoreAllMocks());

/** A worker of Temporal with an activity that does not end; `run` fails as the SDK's does once its time is over. */
function hanging() {
  let fail = (_error: Error): void => undefined;
  const worker = {
    run: () => new Promise<void>((_resolve, reject) => (fail = reject)),
    getState: () => 'RUNNING',
    shutdown: () => fail(new GracefulShutdownPeriodExpiredError('Timed out while waiting for worker to shutdown gracefully')),
  };
  return jest.spyOn(Worker, 'create').mockResolvedValue(worker as unknown as Worker);
}
const options = { taskQueue: 'a-media' } as Parameters<typeof runWorker>[0];

test('A worker whose activity does not end when it is cancelled stops all the same, and no other takes over', async () => {
  const create = hanging();
  const log = { warn: jest.fn(), error: jest.fn() };
  const worker = await runWorker(options, log as never);
  await worker.stop();
  await worker.stop();
  expect(create).toHaveBeenCalledTimes(1);
  expect(log.error).not.toHaveBeenCalled();
  expect(log.warn).toHaveBeenCalledWith({ task_queue: 'a-media' }, expect.stringContaining('left behind'));
});

test('It waits for half of the time that a process has to close, or as long as it is told', async () => {
  const create = hanging();
  const log = { warn: jest.fn(), error: jest.fn() };
  await (await runWorker(options, log as never)).stop();
  await (await runWorker({ ...options, shutdownForceTime: '5s' }, log as never)).stop();
  expect(create.mock.calls.map(([{ shutdownForceTime }]: [WorkerOptions]) => shutdownForceTime)).toEqual(['15s', '5s']);
});
