import { readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedBinary, cacheDir, executable, NoBinaryError, type Source } from '../binaries/cached-binary.ts';
import { goInstall } from '../binaries/go-install.ts';
import { run } from '../binaries/run.ts';
import { StartError } from '../supervisor/start-error.ts';

/** Later tags of the CLI have a `replace` line, which go install refuses. */
const GO_PACKAGE = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';
const DOWNLOAD_TIMEOUT_MS = 180_000;

export interface BinaryOptions {
  /** TEMPORAL_CLI_PATH. */
  given?: string | undefined;
  env: NodeJS.ProcessEnv;
  say: (line: string) => void;
}

/**
 * Finds the `temporal` command: TEMPORAL_CLI_PATH, PATH, the user's cache; where it is nowhere, gets it into the cache by the
 * Temporal SDK's own download, else by building it with Go.
 * @throws StartError that says what to do
 */
export async function temporalBinary({ given, env, say }: BinaryOptions): Promise<string> {
  if (given) {
    if (executable(given)) return given;
    throw new StartError(`TEMPORAL_CLI_PATH names ${given}, which is not an executable file.`);
  }
  const onPath = (env.PATH ?? '').split(delimiter).filter(Boolean).map((dir) => join(dir, 'temporal'));
  const found = onPath.find(executable);
  if (found) return found;
  const sources = [download(env, say), goInstall(GO_PACKAGE, 'Temporal', 'about 5 minutes', env, say)];
  try {
    return await cachedBinary({ path: join(cacheDir(env), 'temporal'), name: 'Temporal', sources, say });
  } catch (error) {
    if (error instanceof NoBinaryError) throw new StartError(whatHelps(error.failures));
    throw error;
  }
}

const whatHelps = (failures: readonly string[]): string =>
  [
    'No Temporal server could be had. Any one of these helps:',
    '  - set TEMPORAL_ADDRESS to a Temporal server that runs',
    '  - install the Temporal CLI (https://docs.temporal.io/cli) or set TEMPORAL_CLI_PATH',
    '  - install Go 1.24 or newer; the binary is then built once',
    'What was tried:',
    ...failures.map((failure) => `  - ${failure}`),
  ].join('\n');

const download = (env: NodeJS.ProcessEnv, say: (line: string) => void): Source => ({
  name: 'download',
  async get(work) {
    say('Temporal: no server binary on this machine; asking the SDK to download one');
    const script = fileURLToPath(new URL('./temporal-download.ts', import.meta.url));
    await run(process.execPath, ['--import', import.meta.resolve('tsx'), script, work], { env, timeoutMs: DOWNLOAD_TIMEOUT_MS, progress: 'Temporal: still downloading', say });
    const largest = readdirSync(work)
      .map((name) => join(work, name))
      .filter(executable)
      .sort((a, b) => statSync(b).size - statSync(a).size)[0];
    if (!largest) throw new Error('the SDK left no binary');
    return largest;
  },
});
