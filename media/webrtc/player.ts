import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import { AppError } from '../../domain/errors.ts';
import type { Edge, Stage, StageProducer } from '../stage.ts';
import { followReception } from './layer-follower.ts';
import { madeOn } from './made-on.ts';
import { asClientsFault, openTransport, type RtcTransport } from './rtc-transport.ts';
import { writeAnswer, type SectionAnswer } from './sdp/answer.ts';
import { invalid, type Offer, type OfferSection } from './sdp/offer.ts';
import { answerPlayer, playerCapabilities, playSection, routerCodecsOf, type PlayedSection } from './sdp/play.ts';

/** Where a viewer's bandwidth is measured, it begins with this. */
const INITIAL_OUTGOING_BITRATE = 2_500_000;

export interface PlayerOptions {
  stage: Stage;
  offer: Offer;
  logger: Pick<Logger, 'info' | 'warn'>;
  connectMs?: number;
}

export interface Player {
  rtc: RtcTransport;
  answer: string;
}

/**
 * Opens a viewer's side: what the stage's encoder sends now, in the viewer's own payload types. Nothing is sent until the viewer has
 * connected. When the encoder comes back, the viewer gets its media by the same connection, where the codecs are the same; else the
 * connection is closed, and the player connects anew.
 * @throws AppError stream_not_live, sdp_invalid, codec_unsupported, media_full, media_worker_died
 */
export async function openPlayer(options: PlayerOptions): Promise<Player> {
  const { stage, offer } = options;
  const played = matchOffer(offer, stage);
  const edge = await stage.edge(routerCodecsOf(played));
  try {
    return await play(options, edge, played);
  } catch (error) {
    edge.leave();
    throw error;
  }
}

function matchOffer(offer: Offer, stage: Stage): PlayedSection[] {
  if (!stage.main('video') && !stage.main('audio')) throw new AppError('stream_not_live');
  const wanting = offer.sections.filter(({ kind, receives }) => kind !== null && receives);
  if (wanting.length === 0) throw invalid('no section receives anything: a=recvonly is needed');
  const played = wanting.flatMap((section) => {
    const producer = stage.main(section.kind!);
    return producer ? [playSection(section, producer)] : [];
  });
  if (played.length === 0) throw new AppError('stream_not_live', 'The stream has nothing of what the player takes.');
  if (new Set(played.map(({ codec }) => codec.payloadType)).size < played.length) throw invalid('sound and picture have the same payload type');
  return played;
}

async function play({ stage, offer, logger, connectMs }: PlayerOptions, edge: Edge, played: readonly PlayedSection[]): Promise<Player> {
  const rtc = await openTransport({ stage, router: edge.router, offer, initialOutgoingBitrate: INITIAL_OUTGOING_BITRATE, connectMs });
  const { transport, connected, over } = rtc;
  const viewer = new Viewer(edge, transport);
  const stops = [stage.on('producer', (entry) => void renew(entry)), stage.on('closed', () => transport.close())];
  void over.then(() => {
    for (const stop of stops) stop();
    edge.leave();
  });

  const renew = async ({ producer, main }: StageProducer): Promise<void> => {
    const section = played.find(({ kind }) => kind === producer.kind);
    if (!main || !section) return;
    try {
      await viewer.take(section, producer);
    } catch (error) {
      if (transport.closed || producer.closed) return;
      logger.info({ err: error, stream_id: stage.stream_id }, 'a viewer can not take the encoder’s new media by its old connection');
      transport.close();
    }
  };

  try {
    const answers = new Map<OfferSection, SectionAnswer>();
    for (const section of played) {
      const producer = stage.main(section.kind);
      if (!producer) throw new AppError('stream_not_live');
      answers.set(section.section, answerPlayer(section, await viewer.take(section, producer)));
    }
    void connected.then(
      () => viewer.start(),
      () => undefined,
    );
    return { rtc, answer: writeAnswer(offer, transport, answers) };
  } catch (error) {
    transport.close();
    throw error;
  }
}

/** What one viewer takes; sent only from `start` on. */
class Viewer {
  readonly #edge: Edge;
  readonly #transport: types.WebRtcTransport;
  readonly #consumers = new Map<types.MediaKind, types.Consumer>();
  #started = false;

  constructor(edge: Edge, transport: types.WebRtcTransport) {
    this.#edge = edge;
    this.#transport = transport;
  }

  /** In place of what it took of this kind before; also where it is the same codec with other parameters. */
  async take(section: PlayedSection, producer: types.Producer): Promise<types.Consumer> {
    const producerId = await this.#edge.reach(producer);
    const rtpCapabilities = playerCapabilities(section, this.#edge.router.rtpCapabilities);
    const { mid } = section.section;
    const made = await asClientsFault(this.#edge.router, () => this.#transport.consume({ producerId, rtpCapabilities, paused: true, ...(mid !== null && mid.length <= 8 ? { mid } : {}) }));
    const consumer = madeOn(this.#transport, made);
    this.#consumers.get(section.kind)?.close();
    this.#consumers.set(section.kind, consumer);
    if (consumer.type === 'simulcast') followReception(consumer);
    // A resumed consumer asks for a keyframe by itself.
    if (this.#started) await consumer.resume();
    return consumer;
  }

  async start(): Promise<void> {
    this.#started = true;
    await Promise.all([...this.#consumers.values()].filter(({ closed }) => !closed).map((consumer) => consumer.resume().catch(() => this.#transport.close())));
  }
}
