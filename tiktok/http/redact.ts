const MAX_WORDS = 300;
const SHORTEST_SECRET = 6;
/** Tokens by their prefix, wherever they come from: of the Open API (access, refresh, client) and of the Shop. */
const TOKEN = /\b(?:(?:act|rft|clt)\.|(?:TTP|ROW|GCP)_)[\w!*.~+/=%-]{6,}/g;

export type Redactor = (text: string) => string;

/** Takes secrets out of what TikTok wrote, since an answer may quote what it was sent; one line, cut to what people read. */
export function redactor(secrets: readonly (string | null | undefined)[]): Redactor {
  const parts = secrets
    .filter((secret): secret is string => typeof secret === 'string' && secret.length >= SHORTEST_SECRET)
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .sort((a, b) => b.length - a.length);
  return (text) =>
    parts
      .reduce((left, secret) => left.replaceAll(secret, '[redacted]'), text)
      .replace(TOKEN, '[redacted]')
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, MAX_WORDS);
}
