export interface IceServer {
  /** stun:…, stuns:…, turn:… or turns:… */
  url: string;
  username: string | null;
  credential: string | null;
}

/** A host name, an IPv4 address, or an IPv6 one in brackets; a port; for TURN the transport: RFC 7064, RFC 7065. */
const URL_FORM = /^(stuns?|turns?):(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?(\?transport=(udp|tcp))?$/i;

/**
 * Reads ICE_SERVERS: `url`, or `url|user|password`, parted by commas.
 * @throws Error naming the entry that is wrong
 */
export function parseIceServers(text: string): IceServer[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map(parseEntry);
}

function parseEntry(entry: string): IceServer {
  const [url = '', username, credential, ...rest] = entry.split('|');
  const isTurn = /^turns?:/i.test(url);
  // The password is not repeated: the message ends up in logs.
  if (!URL_FORM.test(url)) throw new Error(`ICE_SERVERS: "${url}" is no stun:, stuns:, turn: or turns: URL`);
  if (isTurn !== (username !== undefined && credential !== undefined) || rest.length > 0) throw new Error(`ICE_SERVERS: "${url}" ${isTurn ? 'needs |user|password' : 'takes no user and password'}`);
  return { url, username: username ?? null, credential: credential ?? null };
}

/** One Link header field for each: RFC 9725, 4.6. */
export function iceServerLinks(servers: readonly IceServer[]): string[] {
  return servers.map(({ url, username, credential }) => {
    const link = `<${url}>; rel="ice-server"`;
    return username === null || credential === null ? link : `${link}; username=${quoted(username)}; credential=${quoted(credential)}; credential-type="password"`;
  });
}

const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
