import { LiveError } from './errors.ts';
import { isLoopback } from './secrets.ts';

/**
 * Where the sign service says the frames come from. Plain ws is for this machine, and for a sign service that is itself
 * configured over plain http.
 * @throws LiveError tiktok_bad_response where that is no place to connect to
 */
export function pushServerOf(signUrl: string, given: string): URL {
  const url = URL.canParse(given) ? new URL(given) : null;
  const mayBePlain = url !== null && (isLoopback(url) || signUrl.startsWith('http://'));
  if (!url || url.username || (url.protocol !== 'wss:' && !(url.protocol === 'ws:' && mayBePlain))) {
    throw new LiveError('tiktok_bad_response', { detail: 'The sign service named no secure push server.' });
  }
  return url;
}
