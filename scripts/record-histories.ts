import { ACTION_RECORDINGS, withActionParts } from '../tests/helpers/action-recordings.ts';
import { recordHistory } from '../tests/helpers/record-history.ts';
import { recordSession } from '../tests/helpers/session-recording.ts';
import globalSetup from '../tests/helpers/global-setup.ts';
import globalTeardown from '../tests/helpers/global-teardown.ts';

/**
 * `npx tsx scripts/record-histories.ts [name …]`: runs workflows for real and keeps their histories in tests/histories, one
 * set a release. A history once released is never recorded over: a changed workflow must still replay it.
 */
async function main(wanted: readonly string[]): Promise<void> {
  await globalSetup();
  try {
    if (wanted.length === 0 || wanted.includes('livestream-session')) process.stdout.write(`${await recordSession()}\n`);
    if (wanted.length === 1 && wanted[0] === 'livestream-session') return;
    await withActionParts(async (parts) => {
      for (const [name, run] of Object.entries(ACTION_RECORDINGS)) {
        if (wanted.length > 0 && !wanted.includes(name)) continue;
        process.stdout.write(`${await recordHistory(parts.temporal.client, name, await run(parts))}\n`);
      }
    });
  } finally {
    await globalTeardown();
  }
}

await main(process.argv.slice(2));
process.exit();
