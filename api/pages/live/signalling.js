const ANSWER_MS = 10_000;
const GOODBYE_MS = 2_000;

/** What a media host, or the way to it, said no with. `status` 0: it did not answer. */
export class MediaRefusal extends Error {
  constructor({ status, code, message, retryAfterMs = null }) {
    super(message);
    this.name = 'MediaRefusal';
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Opens a WHIP (https://www.rfc-editor.org/rfc/rfc9725) or WHEP session for a connection whose transceivers are there. The offer
 * goes out before it is applied: candidates are gathered only then, with the ICE servers that the answer names. None of
 * them is sent on, since our media host never calls back: it answers whoever calls.
 * @returns address of the session, for its goodbye
 * @throws MediaRefusal
 */
export async function openMediaSession(connection, { url, token, signal }) {
  const offer = await connection.createOffer();
  const response = await post(url, offer.sdp, token, signal);
  const location = response.headers.get('Location');
  if (response.status !== 201 || !location) throw new MediaRefusal({ status: response.status, code: 'no_session', message: 'The media host answered without a session.' });
  const session = new URL(location, response.url).href;
  try {
    const iceServers = iceServersOf(response.headers.get('Link') ?? '');
    if (iceServers.length > 0) connection.setConfiguration({ iceServers });
    const answer = await response.text();
    await connection.setLocalDescription(offer);
    await connection.setRemoteDescription({ type: 'answer', sdp: answer });
  } catch (error) {
    void closeMediaSession(session, token);
    throw error;
  }
  return session;
}

/** Says goodbye, also while the page is being left. A session of which the host hears nothing ends there by itself. */
export async function closeMediaSession(session, token) {
  await fetch(session, { method: 'DELETE', headers: bearer(token), keepalive: true, signal: AbortSignal.timeout(GOODBYE_MS) }).catch(() => undefined);
}

async function post(url, sdp, token, signal) {
  const send = (address) => {
    const timely = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    return fetch(address, { method: 'POST', body: sdp, signal: timely, headers: { 'Content-Type': 'application/sdp', ...bearer(token) } });
  };
  let response;
  try {
    response = await send(url);
    // Browsers leave the token out where a 307 leads to another host (https://fetch.spec.whatwg.org/#http-redirect-fetch).
    if (response.status === 401 && response.redirected && token) response = await send(response.url);
  } catch (error) {
    throw new MediaRefusal({ status: 0, code: 'unreachable', message: `The media host does not answer: ${error.message}` });
  }
  if (!response.ok) throw await refusalOf(response);
  return response;
}

async function refusalOf(response) {
  const problem = await response.json().catch(() => ({}));
  const retryAfterS = Number(response.headers.get('Retry-After') ?? Number.NaN);
  return new MediaRefusal({
    status: response.status,
    code: problem.code ?? 'internal',
    message: problem.detail ?? problem.title ?? `The media host answered with ${response.status}.`,
    retryAfterMs: Number.isFinite(retryAfterS) ? retryAfterS * 1_000 : null,
  });
}

const bearer = (token) => (token ? { Authorization: `Bearer ${token}` } : {});

/** <turn:host?transport=udp>; rel="ice-server"; username="u"; credential="c"; credential-type="password" */
export function iceServersOf(link) {
  return [...link.matchAll(/<((?:stuns?|turns?):[^>]+)>((?:\s*;\s*[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]+))*)/gi)]
    .map(([, urls, parameters]) => ({ urls, ...parametersOf(parameters) }))
    .filter(({ rel }) => rel === 'ice-server')
    .map(({ urls, username, credential }) => ({ urls, ...(username === undefined ? {} : { username, credential }) }));
}

const parametersOf = (text) =>
  Object.fromEntries(
    [...text.matchAll(/;\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+))/g)].map(([, name, quoted, bare]) => [name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? bare]),
  );
