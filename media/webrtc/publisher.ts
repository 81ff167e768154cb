import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import { AppError } from '../../domain/errors.ts';
import type { LiveSession } from '../live-session.ts';
import type { SessionEndReason } from '../../domain/contracts/stream.ts';
import { asClientsFault, openTransport, type RtcTransport, type TransportEnd } from './rtc-transport.ts';
import { writeAnswer } from './sdp/answer.ts';
import { invalid, type Offer } from './sdp/offer.ts';
import { checkDistinct, takeSection, type TakenSection } from './sdp/publish.ts';
import { answerPublisher } from './sdp/whip-answer.ts';

/** Told to senders that measure their bandwidth; 1080p at 60 frames needs about 9 Mbit/s. */
const MAX_INCOMING_BITRATE = 15_000_000;

/** What of the offer is taken. Checked before a session begins: what is malformed claims no stream. @throws AppError sdp_invalid, codec_unsupported */
export function takeOffer(offer: Offer, capabilities: types.RtpCapabilities): TakenSection[] {
  const taken = offer.sections.flatMap((section) => (section.kind && section.sends ? [takeSection(section, section.kind, capabilities)] : []));
  if (taken.length === 0) throw invalid('no section sends anything: a=sendonly is needed');
  checkDistinct(taken);
  return taken;
}

export interface PublisherOptions {
  session: LiveSession;
  offer: Offer;
  taken: readonly TakenSection[];
  logger: Pick<Logger, 'warn' | 'error'>;
  connectMs?: number;
}

export interface Publisher {
  rtc: RtcTransport;
  answer: string;
}

/**
 * Gives an encoder's media to the session's stage. The stage has it, and the session is announced, with the first packet: an
 * attempt that never connects makes no stream live. From then on the transport ends with the session, and the session with the transport.
 * @throws AppError sdp_invalid, codec_unsupported, media_worker_died; the session is ended then
 */
export async function openPublisher(options: PublisherOptions): Promise<Publisher> {
  const { session } = options;
  try {
    return await open(options);
  } catch (error) {
    session.end('connection_lost', error instanceof AppError ? error.message : 'the connection was not set up');
    throw error;
  }
}

async function open({ session, offer, taken, logger, connectMs }: PublisherOptions): Promise<Publisher> {
  const { stage } = session;
  const router = stage.origin;
  const rtc = await openTransport({ stage, router, offer, maxIncomingBitrate: MAX_INCOMING_BITRATE, connectMs });
  const { transport, over } = rtc;
  try {
    const producers: types.Producer[] = [];
    for (const { kind, rtpParameters } of taken) producers.push(await asClientsFault(router, () => transport.produce({ kind, rtpParameters })));
    const answers = new Map(taken.map((each) => [each.section, answerPublisher(each)]));
    void over.then((end) => session.end(...reasonOf(end)));
    void session.ended.then(() => transport.close());
    addOnFirstMedia(session, producers, logger);
    return { rtc, answer: writeAnswer(offer, transport, answers) };
  } catch (error) {
    transport.close();
    throw error;
  }
}

/** mediasoup gives a producer its first score with its first packet. */
function addOnFirstMedia(session: LiveSession, producers: readonly types.Producer[], logger: Pick<Logger, 'error'>): void {
  let flowing = false;
  const begin = (): void => {
    if (flowing) return;
    flowing = true;
    for (const producer of producers) if (!producer.closed) session.stage.add({ producer, participant_id: session.id, main: true });
    session.announce().catch((error: unknown) => logger.error({ err: error, session_id: session.id }, 'the session was not announced'));
  };
  for (const producer of producers) producer.once('score', begin);
}

function reasonOf(end: TransportEnd): [SessionEndReason, string | null] {
  switch (end.kind) {
    case 'never_connected':
      return ['connection_lost', 'the encoder never connected'];
    case 'lost':
      return ['connection_lost', end.detail];
    case 'router':
      return ['media_worker_died', null];
    case 'closed':
      // Where the session was ended before, that reason counts.
      return ['closed', null];
  }
}
