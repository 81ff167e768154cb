import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';

const url = (path: string): string => new URL(`../../${path}`, import.meta.url).href;

const PROCESS = `
  import { announceReady, onShutdown } from '${url('config/lifecycle.ts')}';
  import { createLogger } from '${url('config/logging.ts')}';
  const log = createLogger('info', 'test');
  onShutdown(async () => { for (let line = 0; line < 100; line++) log.info('closing'); }, { log, timeoutMs: 5_000 });
  setInterval(() => undefined, 1_000);
  announceReady();
`;

async function started(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', PROCESS], { stdio: ['ignore', 'pipe', 'ignore', 'ipc'] });
  await once(child, 'message');
  return child;
}

const ended = (child: ChildProcess): Promise<string> => Promise.race([once(child, 'exit').then(() => 'ended'), delay(20_000, 'still there', { ref: false })]);

test('a process whose supervisor is gone ends, although nobody reads what it still wants to log', async () => {
  const child = await started();
  child.stdout!.destroy();
  const end = ended(child);
  child.disconnect();
  const outcome = await end;
  child.kill('SIGKILL');
  expect(outcome).toBe('ended');
});

test('a process that is asked to end closes, says so, and exits with 0', async () => {
  const child = await started();
  const chunks: Buffer[] = [];
  child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await closed;
  expect(child.exitCode).toBe(0);
  expect(Buffer.concat(chunks).toString().match(/"closing"/g)).toHaveLength(100);
});
