import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { FOLDERS, FREE_FOLDERS } from '../../architecture.mjs';
import { importsIn, importsOf, sourcesBelow, violationOf } from '../helpers/imports.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('the import table of architecture.mjs', () => {
  test.each(Object.keys(FOLDERS))('%s/ imports what the table allows and nothing else', (folder) => {
    const violations = sourcesBelow(ROOT, folder).flatMap((file) => importsOf(ROOT, file).map(violationOf).filter((reason) => reason !== null));
    expect(violations).toEqual([]);
  });

  test('knows every folder of the project that holds TypeScript', () => {
    const folders = readdirSync(ROOT, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !['node_modules', 'coverage', 'dist'].includes(entry.name))
      .map((entry) => entry.name)
      .filter((folder) => sourcesBelow(ROOT, folder).length > 0);
    expect(folders.filter((folder) => !(folder in FOLDERS) && !FREE_FOLDERS.includes(folder))).toEqual([]);
  });

  test('names composition roots that exist', () => {
    const roots = Object.values(FOLDERS).flatMap(({ roots = [] }) => roots);
    expect(roots.filter((file) => !existsSync(`${ROOT}/${file}`))).toEqual([]);
  });

  test('leaves the environment to config/ and the composition roots', () => {
    const readers = Object.entries(FOLDERS)
      .filter(([folder]) => folder !== 'config')
      .flatMap(([folder, { roots = [] }]) => sourcesBelow(ROOT, folder).filter((file) => !roots.includes(file)))
      .filter((file) => /\bprocess\s*(\.|\?\.)\s*env\b|\bprocess\[['"]env['"]\]/.test(readFileSync(`${ROOT}/${file}`, 'utf8')));
    expect(readers).toEqual([]);
  });
});

describe('the check itself', () => {
  const reasons = (file: string, source: string): (string | null)[] => importsIn(file, source).map(violationOf);

  test.each([
    ['domain/a.ts', "import { db } from '../db/client.ts';"],
    ['domain/a.ts', "import { readFile } from 'node:fs/promises';"],
    ['domain/rules/a.ts', "export { x } from '../../tiktok/live/index.ts';"],
    ['workflows/a.ts', "import { createSession } from '../activities/live/session.ts';"],
    ['workflows/a.ts', "import { randomUUID } from 'crypto';"],
    ['activities/a.ts', "import { livestreamSession } from '../workflows/livestream-session.ts';"],
    ['api/routes/a.ts', "import { parseEnv } from '../../config/env.ts';"],
    ['api/a.ts', "const session = await import('../activities/live/session.ts');"],
    ['api/a.ts', "import { livestreamSession } from '../workflows/livestream-session.ts';"],
    ['sandbox/a.ts', "import type { LiveClient } from '../tiktok/live/index.ts';"],
    ['devices/a.ts', "import { TikTokLiveConnection } from 'tiktok-live-connector';"],
    ['tiktok/live/a.ts', "type Row = import('../../db/schema.ts').Database;"],
  ])('%s with %s is caught', (file, source) => {
    expect(reasons(file, source)).toEqual([expect.stringContaining(file)]);
  });

  test.each([
    ['domain/rules/a.ts', "import { z } from 'zod'; import { ERRORS } from '../errors.ts';"],
    ['workflows/a.ts', "import type { Session } from '../activities/live/session.ts'; import { proxyActivities } from '@temporalio/workflow';"],
    ['activities/a.ts', "import { wake } from '../workflows/deliver-actions.messages.ts';"],
    ['api/a.ts', "import type { livestreamSession } from '../workflows/livestream-session.ts';"],
    ['api/a.ts', "import { type livestreamSession } from '../workflows/livestream-session.ts';"],
    ['api/main.ts', "import { parseEnv } from '../config/env.ts';"],
    ['tiktok/live/a.ts', "import { TikTokLiveConnection } from 'tiktok-live-connector';"],
    ['scripts/a.ts', "import { startPostgres } from '../tests/helpers/database.ts';"],
  ])('%s with %s is allowed', (file, source) => {
    expect(reasons(file, source).filter((reason) => reason !== null)).toEqual([]);
  });
});
