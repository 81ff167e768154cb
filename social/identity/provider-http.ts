import { Agent, request } from 'undici';

/** Key sets and token facts are a few KB. */
const MAX_BODY_BYTES = 256 * 1024;
const CONNECT_TIMEOUT_MS = 3_000;

/** A provider did not answer, or not with what it documents: nothing is known of the one who signs in. */
export class ProviderDown extends Error {}

export interface ProviderHttp {
  /**
   * GET of a JSON document. Redirects are refused.
   * @param url never in an error: its query may hold secrets
   * @throws ProviderDown no answer within the time, a status other than 200, too much of it, or no JSON
   */
  json(url: string): Promise<unknown>;
}

/** @param name of the provider, for people @param timeoutMs for a whole call */
export function createProviderHttp(name: string, timeoutMs: number): ProviderHttp {
  const agent = new Agent({ connections: 8, keepAliveTimeout: 10_000, connect: { timeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs) } });
  return {
    async json(url) {
      const { status, text } = await get(agent, url, timeoutMs).catch((error: unknown) => {
        throw new ProviderDown(`${name} ${error instanceof Error && error.name === 'TimeoutError' ? `did not answer within ${timeoutMs / 1_000} s` : 'could not be reached'}`, { cause: error });
      });
      if (status !== 200) throw new ProviderDown(`${name} answered HTTP ${status}`);
      if (text === null) throw new ProviderDown(`${name} answered with more than ${MAX_BODY_BYTES} bytes`);
      try {
        return JSON.parse(text) as unknown;
      } catch (error) {
        throw new ProviderDown(`${name} answered with something that is not JSON`, { cause: error });
      }
    },
  };
}

async function get(dispatcher: Agent, url: string, timeoutMs: number): Promise<{ status: number; text: string | null }> {
  const { statusCode: status, body } = await request(url, { dispatcher, headers: { accept: 'application/json' }, signal: AbortSignal.timeout(timeoutMs) });
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    bytes += part.length;
    // Leaving the loop ends the connection.
    if (bytes > MAX_BODY_BYTES) return { status, text: null };
    parts.push(part);
  }
  return { status, text: Buffer.concat(parts).toString('utf8') };
}
