import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from './start-error.ts';

export interface Secrets {
  JWT_SECRET: string;
  TOKEN_ENCRYPTION_KEY: string;
}

/**
 * The secrets that the environment does not name, made once and kept readable by their owner alone.
 * @throws StartError when the file is there but unreadable: new keys would make what the old ones encrypted unreadable
 */
export function loadSecrets(dataDir: string): Secrets {
  const file = join(dataDir, 'secrets.json');
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Secrets;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw new StartError(`${file} can not be read (${(error as Error).message}).`);
  }
  const secrets: Secrets = { JWT_SECRET: randomBytes(48).toString('base64url'), TOKEN_ENCRYPTION_KEY: randomBytes(32).toString('hex') };
  writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  return secrets;
}
