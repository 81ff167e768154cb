import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { ffmpegDone, runFfmpeg } from '../../media/ffmpeg/run-ffmpeg.ts';
import type { FfmpegProgress } from '../../media/ffmpeg/progress.ts';
import { eventually } from '../helpers/eventually.ts';

const ENDLESS = ['-re', '-f', 'lavfi', '-i', 'testsrc=size=64x64:rate=5', '-f', 'null', '-'];
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('runFfmpeg', () => {
  it('passes input and output on, and ends by itself', async () => {
    const run = runFfmpeg({ command: 'ffmpeg', args: ['-f', 's16le', '-ar', '8000', '-ac', '1', '-i', 'pipe:0', '-f', 's16le', 'pipe:1'], stdin: true, stdout: true, timeoutMs: 30_000 });
    const bytes: Buffer[] = [];
    run.stdout!.on('data', (part: Buffer) => bytes.push(part));
    run.stdin!.end(Buffer.alloc(16_000));
    await ffmpegDone(run);
    expect(Buffer.concat(bytes)).toHaveLength(16_000);
  }, 60_000);

  it('gives ffmpeg’s own words as the reason', async () => {
    const run = runFfmpeg({ command: 'ffmpeg', args: ['-i', '/nowhere/at.all', '-f', 'null', '-'] });
    await expect(ffmpegDone(run)).rejects.toMatchObject({ code: 'ffmpeg_failed', detail: expect.stringContaining('No such file or directory') });
    expect(await run.ended).toMatchObject({ code: 1, stopped: false });
  }, 60_000);

  it('says so when there is no ffmpeg', async () => {
    const end = await runFfmpeg({ command: '/nowhere/ffmpeg', args: [] }).ended;
    expect(end.code).not.toBe(0);
    expect(end.reason).toContain('/nowhere/ffmpeg');
  });

  it('ends with the reason where this process may open no more files, whatever was asked of it', async () => {
    const script = `
      const { openSync } = await import('node:fs');
      const { finished } = await import('node:stream/promises');
      const { runFfmpeg } = await import('./media/ffmpeg/run-ffmpeg.ts');
      try {
        for (;;) openSync('/dev/null');
      } catch {}
      const run = runFfmpeg({ command: 'ffmpeg', args: [], stdin: true, stdout: true, onProgress() {} });
      run.stdin.write('nobody reads this');
      run.stdin.end('nor this');
      run.stdout.resume();
      const stopped = await run.stop();
      await finished(run.stdout);
      process.stdout.write(JSON.stringify({ pid: run.pid ?? null, end: await run.ended, same: stopped === (await run.ended) }));
    `;
    const child = spawn('bash', ['-c', 'ulimit -n 80; exec "$@"', 'bash', process.execPath, '--import', 'tsx', '--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    expect(code).toBe(0);
    expect(JSON.parse(said)).toEqual({ pid: null, same: true, end: { code: null, signal: null, stopped: false, timed_out: false, reason: expect.stringContaining('EMFILE') } });
  }, 60_000);

  it('tells how far it is, and stops when told', async () => {
    const seen: FfmpegProgress[] = [];
    const run = runFfmpeg({ command: 'ffmpeg', args: ENDLESS, onProgress: (progress) => seen.push(progress) });
    await eventually(() => seen.some(({ frames, out_ms }) => (frames ?? 0) > 2 && (out_ms ?? 0) > 0));
    const end = await run.stop();
    expect(end).toMatchObject({ stopped: true, timed_out: false });
    expect(isAlive(run.pid!)).toBe(false);
    expect(await run.stop()).toBe(end);
  }, 60_000);

  it('is ended by its timeout and by an AbortSignal', async () => {
    const late = await runFfmpeg({ command: 'ffmpeg', args: ENDLESS, timeoutMs: 300 }).ended;
    expect(late).toMatchObject({ timed_out: true, signal: 'SIGKILL', reason: 'took longer than 300 ms' });
    const abort = new AbortController();
    const run = runFfmpeg({ command: 'ffmpeg', args: ENDLESS, signal: abort.signal });
    abort.abort();
    expect(await run.ended).toMatchObject({ stopped: true });
  }, 60_000);

  it('dies with its parent, also when that is killed with SIGKILL', async () => {
    const script = `const { runFfmpeg } = await import('./media/ffmpeg/run-ffmpeg.ts'); process.stdout.write(String(runFfmpeg({ command: 'ffmpeg', args: ${JSON.stringify(ENDLESS)} }).pid));`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(said.toString());
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await eventually(() => !isAlive(pid));
  }, 60_000);
});
