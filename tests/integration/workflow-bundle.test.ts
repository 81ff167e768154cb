import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { bundleWorkflowCode } from '@temporalio/worker';

const WORKFLOWS = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));

describe('the workflow bundle', () => {
  test('holds workflows, the domain and the SDK, and nothing that does I/O', async () => {
    const problems: string[] = [];
    const logger = { log() {}, trace() {}, debug() {}, info() {}, warn: (message: string) => void problems.push(message), error: (message: string) => void problems.push(message) };
    const { code } = await bundleWorkflowCode({ workflowsPath: WORKFLOWS, logger });
    const ours = [...code.matchAll(/"?!\*\*\* \.\/((?!node_modules)[a-z-]+)\/[^ ]*\.ts/g)].map(([, folder]) => folder);
    expect([...new Set(ours)].sort()).toEqual(['domain', 'workflows']);
    expect(problems).toEqual([]);
  });
});
