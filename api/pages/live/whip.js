import { reported, untilFlowing, untilSilent } from './connection-health.js';
import { closeMediaSession, openMediaSession } from './signalling.js';

const CONNECT_MS = 10_000;
/** The host reports about every second, and answers each check of the line. */
const SILENT_MS = 5_000;

/** Three sizes of one picture, smallest first; bit/s at most. */
const SIMULCAST = [
  { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 200_000 },
  { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 700_000 },
  { rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 2_500_000 },
];
const SINGLE = [{ maxBitrate: 2_500_000 }];

/**
 * Publishes by WHIP until the line breaks, the host ends the session or `signal` does.
 * @param started called with the connection once media flows
 * @throws MediaRefusal, Error: it never began
 */
export async function publishByWhip({ stream, url, token, codec, simulcast, signal, started }) {
  const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  let session = null;
  const leave = async () => session && closeMediaSession(session, token);
  try {
    for (const track of stream.getTracks()) addTrack(connection, { track, stream, codec, simulcast });
    session = await openMediaSession(connection, { url, token, signal });
    addEventListener('pagehide', leave);
    await untilFlowing(connection, { count: reported, ms: CONNECT_MS, signal });
    if (!signal.aborted) started(connection);
    await untilSilent(connection, { count: reported, silentMs: SILENT_MS, signal });
  } finally {
    removeEventListener('pagehide', leave);
    // A connection that is closed before the goodbye has arrived would look like a line that broke.
    await leave();
    connection.close();
  }
}

function addTrack(connection, { track, stream, codec, simulcast }) {
  const isVideo = track.kind === 'video';
  const transceiver = connection.addTransceiver(track, {
    direction: 'sendonly',
    streams: [stream],
    ...(isVideo ? { sendEncodings: simulcast ? SIMULCAST : SINGLE } : {}),
  });
  if (isVideo) transceiver.setCodecPreferences(videoCodecs(codec));
}

/** The wished codec and what repairs its losses. @throws Error where this browser does not have it */
function videoCodecs(wished) {
  const { codecs } = RTCRtpSender.getCapabilities('video');
  const chosen = codecs.filter(({ mimeType }) => mimeType.toLowerCase() === `video/${wished}`);
  if (chosen.length === 0) throw new Error(`This browser does not send ${wished.toUpperCase()}: choose the other codec.`);
  return [...chosen, ...codecs.filter(({ mimeType }) => /\/rtx$/i.test(mimeType))];
}
