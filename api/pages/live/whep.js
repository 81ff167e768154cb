import { receivedBy, untilFlowing, untilSilent } from './connection-health.js';
import { closeMediaSession, openMediaSession } from './signalling.js';

/** Longer than a slow line takes, short enough to change over to HLS before people leave. */
const CONNECT_MS = 6_000;
const SILENT_MS = 3_000;

/**
 * Plays by WHEP until the media stops or `signal` ends it.
 * @param started called once media flows
 * @throws MediaRefusal, Error: it never began
 */
export async function playByWhep({ video, url, token, signal, started }) {
  const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  const stream = new MediaStream();
  connection.addEventListener('track', ({ track }) => stream.addTrack(track));
  const count = receivedBy(video);
  let session = null;
  const leave = async () => session && closeMediaSession(session, token);
  try {
    for (const kind of ['video', 'audio']) connection.addTransceiver(kind, { direction: 'recvonly' });
    session = await openMediaSession(connection, { url, token, signal });
    addEventListener('pagehide', leave);
    video.srcObject = stream;
    // A browser that does not let it play says so at the element; the page has a button for it.
    video.play().catch(() => undefined);
    await untilFlowing(connection, { count, ms: CONNECT_MS, signal });
    if (!signal.aborted) started();
    await untilSilent(connection, { count, silentMs: SILENT_MS, signal });
  } finally {
    removeEventListener('pagehide', leave);
    // A connection that is closed before the goodbye has arrived would look like a line that broke.
    void leave().finally(() => connection.close());
    video.srcObject = null;
  }
}
