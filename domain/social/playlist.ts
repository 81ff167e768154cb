/**
 * An HLS playlist (RFC 8216) whose files are asked for with a query, such as a token: players send no headers, and none of a playlist's own query.
 * @param query without ?; its values are encoded
 */
export const withQuery = (playlist: string, query: string): string =>
  playlist
    .split('\n')
    .map((line) => (line.trim() === '' ? line : line.startsWith('#') ? line.replace(/\bURI="([^"?]+)"/g, (_all, uri: string) => `URI="${uri}?${query}"`) : `${line.trimEnd()}?${query}`))
    .join('\n');
