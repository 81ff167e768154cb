import { TestWorkflowEnvironment } from '@temporalio/testing';

/**
 * Lets the Temporal SDK download its development server into the folder given as first argument. A process of its own: the
 * SDK's native code can't be interrupted, a process can.
 */
const [downloadDir] = process.argv.slice(2);
try {
  const environment = await TestWorkflowEnvironment.createLocal({ server: { executable: { type: 'cached-download', ...(downloadDir ? { downloadDir } : {}) } } });
  await environment.teardown();
  process.exit(0);
} catch (error) {
  console.error(error instanceof Error ? error.message.replaceAll('\n', ' ').slice(0, 500) : String(error));
  process.exit(1);
}
