import { readFile } from 'node:fs/promises';
import { importPKCS8 } from 'jose';
import { z } from 'zod';
import { grantedToken, grantForm, keepAccessToken, type AccessTokens } from '../google/service-account.ts';
import type { Poster } from './post.ts';

/** Why there is no access token right now. */
export class NoAccessToken extends Error {
  readonly retryAfterMs: number | null;

  constructor(message: string, retryAfterMs: number | null = null, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NoAccessToken';
    this.retryAfterMs = retryAfterMs;
  }
}

export interface AccessTokenOptions {
  /** Path of a service account's key as Google gives it out (JSON). Read for each token: it may be replaced while we run. */
  keyFile: string;
  tokenUrl: string;
  scope: string;
  poster: Poster;
  /** Epoch milliseconds. */
  now?: () => number;
}

const keySchema = z.object({ client_email: z.string().min(1), private_key: z.string().min(1), private_key_id: z.string().optional() });

/** A token is given out no more so long before it ends. */
const MARGIN_MS = 300_000;

/** Access tokens of a service account. */
export function createAccessTokens({ keyFile, tokenUrl, scope, poster, now = Date.now }: AccessTokenOptions): AccessTokens {
  return keepAccessToken(
    async () => {
      const { private_key, ...account } = await readKey(keyFile);
      const body = await grantForm({ ...account, tokenUrl, scope, nowS: Math.floor(now() / 1_000) }, await importKey(private_key));
      const answer = await poster.post(tokenUrl, { 'content-type': 'application/x-www-form-urlencoded' }, body).catch((error: Error) => {
        throw new NoAccessToken(`Google’s token endpoint (GOOGLE_TOKEN_URL): ${error.message}`, null, { cause: error });
      });
      const parsed = grantedToken.safeParse(parseJson(answer.text));
      if (answer.status !== 200 || !parsed.success) throw new NoAccessToken(`Google’s token endpoint answered ${answer.status}: ${faultOf(answer.text)}`, answer.retry_after_ms);
      return parsed.data;
    },
    MARGIN_MS,
    now,
  );
}

async function readKey(path: string): Promise<z.infer<typeof keySchema>> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new NoAccessToken(`GOOGLE_SERVICE_ACCOUNT can not be read: ${error.message}`, null, { cause: error });
  });
  const parsed = keySchema.safeParse(parseJson(text));
  if (!parsed.success) throw new NoAccessToken('GOOGLE_SERVICE_ACCOUNT is not the key of a service account: client_email and private_key are needed.');
  return parsed.data;
}

const importKey = (privateKey: string) =>
  importPKCS8(privateKey, 'RS256').catch(() => {
    // The parser's words may quote the key.
    throw new NoAccessToken('GOOGLE_SERVICE_ACCOUNT: its private_key is no PKCS #8 key.');
  });

/** OAuth's error words; the answer itself might hold a token. */
function faultOf(text: string): string {
  const { data } = z.object({ error: z.string(), error_description: z.string().default('') }).safeParse(parseJson(text));
  return data ? `${data.error} ${data.error_description}`.trim().slice(0, 300) : 'no token';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
