import { join } from 'node:path';
import { run } from './run.ts';
import type { Source } from './cached-binary.ts';

const TIMEOUT_MS = 30 * 60_000;

/** @param goPackage path of the command with its version: `example.org/tool/cmd/tool@v1.2.3` @param about how long it takes cold, for a person */
export const goInstall = (goPackage: string, name: string, about: string, env: NodeJS.ProcessEnv, say: (line: string) => void): Source => ({
  name: 'go install',
  async get(work) {
    say(`${name}: building it with "go install ${goPackage}": ${about}, once for this machine`);
    await run('go', ['install', goPackage], { env: { ...env, GOBIN: work, GOFLAGS: '', CGO_ENABLED: '0' }, timeoutMs: TIMEOUT_MS, progress: `${name}: still building`, say });
    const command = goPackage.split('@')[0]!.split('/').at(-1)!;
    return join(work, process.platform === 'win32' ? `${command}.exe` : command);
  },
});
