import { readFile } from 'node:fs/promises';
import type { Env } from './env.ts';

/** TLS to Temporal as the environment says; null: none. */
export async function temporalTls(env: Env): Promise<{ clientCertPair?: { crt: Buffer; key: Buffer } } | null> {
  if (env.TEMPORAL_TLS_CERT && env.TEMPORAL_TLS_KEY) {
    const [crt, key] = await Promise.all([readFile(env.TEMPORAL_TLS_CERT), readFile(env.TEMPORAL_TLS_KEY)]);
    return { clientCertPair: { crt, key } };
  }
  return env.TEMPORAL_TLS || env.TEMPORAL_API_KEY ? {} : null;
}
