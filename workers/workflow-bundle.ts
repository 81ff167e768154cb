import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CACHE = join(ROOT, 'node_modules', '.cache', 'showrunner');

/**
 * The workflows as one file for the worker's sandbox. Bundling takes seconds, so the result is kept under the hash of all
 * that goes into it; it may be built several times at once, also in one process: each writes a file of its own and renames it.
 */
export async function buildWorkflowBundle(): Promise<{ codePath: string }> {
  const codePath = join(CACHE, `workflows-${await fingerprint()}.js`);
  try {
    await access(codePath);
  } catch {
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(ROOT, 'workflows', 'index.ts'),
      logger: { log() {}, trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error },
    });
    await mkdir(CACHE, { recursive: true });
    const own = `${codePath}.${randomUUID()}`;
    await writeFile(own, code);
    await rename(own, codePath);
  }
  return { codePath };
}

/** Workflows may import the domain and nothing else of ours; the SDK's version decides the rest. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  const { version } = createRequire(import.meta.url)('@temporalio/workflow/package.json') as { version: string };
  hash.update(version);
  for (const folder of ['workflows', 'domain']) {
    const entries = await readdir(join(ROOT, folder), { recursive: true });
    for (const entry of entries.filter((name) => name.endsWith('.ts')).sort()) {
      hash.update(`${folder}/${entry}\0`).update(await readFile(join(ROOT, folder, entry)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}
