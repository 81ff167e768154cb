import type { Logger } from 'pino';
import { AppError, ERRORS, type ErrorCode } from '../../domain/errors.ts';
import { describeEnd, type FfmpegEnd } from '../ffmpeg/run-ffmpeg.ts';
import type { LiveSession } from '../live-session.ts';
import { startLeg, tagsOf, type FfmpegLeg } from './ffmpeg-leg.ts';
import type { FlvPacket } from './flv-packet.ts';
import { InputPlanner, kindsOf, samePlan, type BridgePlan } from './input-plan.ts';
import type { PacketSink, PacketSource } from './rtmp-connection.ts';
import { StageFeed } from './stage-feed.ts';

export interface BridgeOptions {
  session: LiveSession;
  source: PacketSource;
  /** FFMPEG_PATH. */
  command: string;
  /** For people; the stream goes on. */
  onTrouble: (code: ErrorCode) => void;
  timings?: Partial<BridgeTimings>;
  logger: Logger;
}

/** Milliseconds. */
export interface BridgeTimings {
  /** Without a keyframe for so long nobody who comes sees anything. */
  keyframe_ms: number;
  /** An ffmpeg that is given media and makes nothing of it for so long is replaced. */
  stuck_ms: number;
  /** Before a new ffmpeg; doubles with each that dies soon. */
  backoff_ms: number;
  /** How long what is still in ffmpeg may take when the encoder has said goodbye. */
  drain_ms: number;
}

const DEFAULT_TIMINGS: BridgeTimings = { keyframe_ms: 10_000, stuck_ms: 10_000, backoff_ms: 250, drain_ms: 1_500 };
const TICK_MS = 500;
/** Deaths of ffmpeg that are borne in a minute. */
const MOST_DEATHS = 5;
const DEATHS_MS = 60_000;
/** How often one session may change what it sends. */
const MOST_PLANS = 20;
/** Kept until it is known what the encoder sends. */
const MOST_HELD_BYTES = 16 * 1024 * 1024;

/** From an encoder's packets to its session's stage, through an ffmpeg that is replaced when it dies. */
export class Bridge implements PacketSink {
  readonly #options: BridgeOptions;
  readonly #timings: BridgeTimings;
  readonly #planner = new InputPlanner();
  readonly #feed: StageFeed;
  readonly #tick: NodeJS.Timeout;
  /** What came before there was a plan. */
  #held: FlvPacket[] = [];
  #heldBytes = 0;
  #plan: BridgePlan | null = null;
  #plans = 0;
  #leg: FfmpegLeg | null = null;
  /** A leg is being started, or waited for. */
  #starting = false;
  /** The present ffmpeg understands nothing before a keyframe. */
  #awaitsKeyframe = false;
  #legSince = 0;
  /** It has not read yet what it was given. */
  #behind = false;
  #givenAt = 0;
  #deaths: number[] = [];
  #keyframeAt: number | null = null;
  #pictureAt: number | null = null;
  #troubled = false;
  #announced = false;
  #over = false;

  constructor(options: BridgeOptions) {
    this.#options = options;
    this.#timings = { ...DEFAULT_TIMINGS, ...options.timings };
    this.#feed = new StageFeed({ session: options.session, onFailed: (error) => this.#fail(error) });
    this.#tick = setInterval(() => this.#watch(), TICK_MS);
    void options.session.ended.then(({ reason, detail }) => this.#close(detail ?? reason));
  }

  /** The process that bridges now; for tests and metrics. */
  get pid(): number | null {
    return this.#leg?.pid ?? null;
  }

  get plan(): BridgePlan | null {
    return this.#plan;
  }

  take(packet: FlvPacket): void {
    if (this.#over) return;
    const now = performance.now();
    this.#planner.see(packet, now);
    if (packet.kind === 'video' && !packet.header) {
      this.#pictureAt ??= now;
      if (packet.keyframe) this.#seeKeyframe(now);
    }
    this.#replan(now);
    if (this.#leg && !this.#starting) this.#give(packet);
    // Later ones that come while ffmpeg is replaced are left out: a stream is not put behind by its faults.
    else if (this.#legSince === 0) this.#hold(packet);
  }

  end(goodbye: boolean): void {
    if (this.#over) return;
    const { session } = this.#options;
    const end = (): void => session.end(goodbye ? 'closed' : 'connection_lost', goodbye ? null : ERRORS.encoder_gone.message);
    if (!this.#leg) return end();
    // What ffmpeg still has belongs to the recording.
    const late = setTimeout(end, this.#timings.drain_ms);
    void this.#leg.ended.then(() => {
      clearTimeout(late);
      end();
    });
    this.#over = true;
    this.#leg.finish();
  }

  #hold(packet: FlvPacket): void {
    this.#heldBytes += packet.tag.length;
    // Without a keyframe at its start nothing of it can be shown.
    if (this.#heldBytes > MOST_HELD_BYTES) {
      this.#held = [];
      this.#heldBytes = packet.tag.length;
      this.#awaitsKeyframe = true;
    }
    this.#held.push(packet);
  }

  #replan(now: number): void {
    if (this.#starting) return;
    const plan = this.#planner.plan(now);
    if (plan === null || (this.#plan !== null && samePlan(plan, this.#plan))) return;
    this.#plans += 1;
    if (this.#plans > MOST_PLANS) return this.#options.session.end('bridge_failed', 'the encoder changes what it sends again and again');
    this.#plan = plan;
    this.#options.logger.info({ plan }, 'how the encoder’s media is brought to the stage');
    void this.#start();
  }

  /** A new ffmpeg for the plan, in the place of the one that is there. */
  async #start(delayMs = 0): Promise<void> {
    this.#starting = true;
    try {
      const former = this.#leg;
      this.#leg = null;
      await former?.stop();
      if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
      if (this.#over) return;
      const plan = this.#plan!;
      await this.#feed.open(kindsOf(plan));
      this.#feed.restart();
      const leg = await startLeg({
        command: this.#options.command,
        plan,
        onMedia: (kind, packet) => {
          this.#feed.media(kind, packet);
          if (!this.#announced && this.#feed.flowing) this.#announce();
        },
        onControl: (kind, packet) => this.#feed.control(kind, packet),
        onDrained: () => this.#resume(),
      });
      if (this.#over) return void leg.stop();
      this.#leg = leg;
      this.#legSince = performance.now();
      void leg.ended.then((end) => this.#legEnded(leg, end));
      this.#prime(leg, plan);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#starting = false;
      this.#resume();
    }
  }

  /** What a decoder must know first, and what was held back for the first one. */
  #prime(leg: FfmpegLeg, plan: BridgePlan): void {
    leg.write(tagsOf(this.#planner.headers));
    this.#awaitsKeyframe = plan.video !== null;
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    for (const packet of held) this.#give(packet);
  }

  #give(packet: FlvPacket): void {
    // Both kinds wait, so that they begin together.
    if (this.#awaitsKeyframe && !packet.keyframe) return;
    this.#awaitsKeyframe = false;
    this.#givenAt = performance.now();
    if (this.#leg!.write(packet.tag)) return;
    this.#behind = true;
    this.#options.source.pause();
  }

  #resume(): void {
    this.#behind = false;
    this.#options.source.resume();
  }

  #legEnded(leg: FfmpegLeg, end: FfmpegEnd): void {
    if (leg !== this.#leg || this.#over) return;
    const { logger, session } = this.#options;
    const words = describeEnd(end);
    const now = performance.now();
    this.#leg = null;
    this.#deaths = [...this.#deaths.filter((at) => now - at < DEATHS_MS), now];
    logger.warn({ reason: words, deaths: this.#deaths.length }, 'the bridge’s ffmpeg ended');
    const unknown = this.#plan!.enhanced && !this.#announced;
    if (unknown) {
      const codecs = [this.#plan!.video?.codec, this.#plan!.audio?.codec].filter(Boolean).join(', ');
      return session.end('bridge_failed', new AppError('codec_unsupported', `${codecs}: ${words}`).message);
    }
    if (this.#deaths.length > MOST_DEATHS) return session.end('bridge_failed', new AppError('ffmpeg_failed', words).message);
    void this.#start(this.#timings.backoff_ms * 2 ** (this.#deaths.length - 1));
  }

  #announce(): void {
    this.#announced = true;
    this.#options.session.announce().catch((error: unknown) => this.#fail(error));
  }

  #seeKeyframe(now: number): void {
    this.#keyframeAt = now;
    this.#troubled = false;
  }

  #watch(): void {
    if (this.#over) return;
    const now = performance.now();
    this.#replan(now);
    const since = this.#keyframeAt ?? this.#pictureAt;
    if (since !== null && now - since > this.#timings.keyframe_ms && !this.#troubled) this.#miss('no_keyframes');
    const fresh = Math.max(this.#feed.lastAt ?? 0, this.#legSince);
    const given = this.#behind ? now : this.#givenAt;
    if (this.#leg && !this.#starting && given - fresh > this.#timings.stuck_ms) {
      this.#options.logger.warn('the bridge’s ffmpeg makes nothing of what it gets');
      // Its end has it replaced.
      void this.#leg.stop();
    }
  }

  #miss(code: 'no_keyframes'): void {
    this.#troubled = true;
    this.#options.logger.warn({ code, reason: ERRORS[code].message }, 'an encoder sends no keyframes');
    this.#options.onTrouble(code);
    // Nothing was ever to be seen: there is no stream.
    if (this.#keyframeAt === null && !this.#announced) this.#options.session.end('bridge_failed', ERRORS[code].message);
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.#options.logger.error({ err: error }, 'the bridge failed');
    this.#options.session.end('bridge_failed', error instanceof Error ? error.message : String(error));
  }

  #close(reason: string): void {
    this.#over = true;
    clearInterval(this.#tick);
    this.#held = [];
    this.#feed.close();
    void this.#leg?.stop();
    this.#options.source.close(reason);
  }
}
