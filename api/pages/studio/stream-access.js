import { api } from '../shared/api.js';
import { session } from '../shared/session.js';

/** The stream as its workspace sees it, whichever of the person's workspaces that is. @throws ApiFault where it is in none of them */
export async function findOwnStream(streamId, workspaces) {
  let fault = new Error('You are a member of no workspace.');
  for (const { id } of workspaces) {
    session.enter(id);
    try {
      return await api.get(`/streams/${streamId}`);
    } catch (error) {
      if (error.status !== 404 && error.status !== 403) throw error;
      fault = error;
    }
  }
  throw fault;
}

export const endStream = (streamId) => api.put(`/streams/${streamId}`, { status: 'ended' });

/**
 * Where to publish, and with what: a key goes to the host's one address for keys, an access token to the stream's own.
 * @param urls the stream's; viewers are not told where to publish, but it is beside where they watch
 */
export function endpointOf({ urls, streamId, key }) {
  const whip = urls.whip ?? urls.whep.replace(/\/whep\/[^/]*$/, '/whip');
  return key ? { url: whip, token: key } : { url: `${whip}/${streamId}`, token: session.token };
}
