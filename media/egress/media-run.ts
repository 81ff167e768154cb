import { createFragmentReader } from '../../domain/streaming/fragments.ts';
import type { Mp4Init } from '../../domain/streaming/mp4-init.ts';
import type { Fragment } from '../../domain/contracts/recording.ts';
import { describeEnd, runFfmpeg, type FfmpegRun } from '../ffmpeg/run-ffmpeg.ts';
import type { Stage } from '../stage.ts';
import { beginTogether } from './begin-together.ts';
import { egressArguments } from './egress-arguments.ts';
import { openTaps, type Tap } from './plain-taps.ts';

/** Why a run is over: what has to be told of is `stalled` and `failed`. */
export type RunEnd =
  /** Nothing came for too long, though the encoder delivers. */
  | { kind: 'stalled'; detail: string }
  /** ffmpeg ended, or what it wrote is no MP4. */
  | { kind: 'failed'; detail: string }
  /** Other producers than those that it began with: the next run takes them. */
  | { kind: 'changed'; detail: string }
  | { kind: 'session_over'; detail: string };

export interface MediaRun {
  /** From then on nothing of it is taken any more, though its ffmpeg may still be ending. Never rejects. */
  readonly ended: Promise<RunEnd>;
  /** Producers that it takes. */
  readonly producers: ReadonlySet<string>;
  /** Performance time of the newest fragment, or of the start. */
  readonly heardAt: number;
  readonly fragments: number;
  /** false: the video was waited for in vain. */
  readonly hasKeyframe: boolean;
  readonly pid: number | undefined;
  askKeyframe(): void;
  /** Ends ffmpeg and everything that led to it; the first reason counts. */
  end(reason: RunEnd): Promise<RunEnd>;
}

export interface MediaRunOptions {
  stage: Stage;
  ffmpeg: string;
  /** `mediaZero`: wall clock at 0 of the media's own clock. */
  onInit(init: Mp4Init, mediaZero: Date): void;
  onFragment(fragment: Fragment): void;
  onLine?: (line: string) => void;
}

/** How often a keyframe is asked for until the first fragment is there. */
const ASK_MS = 1_000;
const STOP_GRACE_MS = 2_000;
/** An encoder sends its next keyframe within this, or is said to send none. */
const KEYFRAME_MS = 2_000;
/** A layer that comes and goes is followed once it stays. */
const LAYER_STAYS_MS = 3_000;

/** One ffmpeg that has the stage's main media. @throws where it can't be begun */
export async function startMediaRun({ stage, ffmpeg, onInit, onFragment, onLine }: MediaRunOptions): Promise<MediaRun> {
  const sources = (['video', 'audio'] as const).flatMap((kind) => stage.main(kind) ?? []);
  if (sources.length === 0) throw new Error('the stage has no main producer');
  const taps = await openTaps(stage.origin, sources);
  let run: FfmpegRun;
  try {
    run = runFfmpeg({ command: ffmpeg, purpose: 'egress', args: egressArguments(taps.map(({ media }) => media)), stdout: true, ...(onLine ? { onLine } : {}) });
  } catch (error) {
    for (const tap of taps) tap.close();
    throw error;
  }
  const reader = createFragmentReader();
  let heardAt = performance.now();
  let fragments = 0;
  let reason: RunEnd | null = null;
  let began: Date | null = null;
  const startedAt = performance.now();

  const askKeyframe = (): void => {
    for (const { consumer } of taps) if (consumer.kind === 'video' && !consumer.closed) consumer.requestKeyFrame().catch(ignoreClosed);
  };
  const asking = setInterval(() => {
    if (fragments > 0) clearInterval(asking);
    else askKeyframe();
  }, ASK_MS);
  const release = (): void => {
    clearInterval(asking);
    for (const tap of taps) tap.close();
  };
  let tellEnd: (end: RunEnd) => void;
  const ended = new Promise<RunEnd>((resolve) => (tellEnd = resolve));
  void run.ended.then((end) => {
    release();
    tellEnd(reason ?? { kind: 'failed', detail: describeEnd(end) });
  });
  const end = (why: RunEnd): Promise<RunEnd> => {
    reason ??= why;
    // At once: the next run must not wait for this ffmpeg, since what it misses is missing in the recording.
    tellEnd(reason);
    // Before ffmpeg: what still comes would be of no use to it.
    release();
    void run.stop(STOP_GRACE_MS);
    return ended;
  };
  run.stdout!.on('data', (chunk: Buffer) => {
    if (reason) return;
    try {
      for (const event of reader.push(chunk)) {
        if (event.kind === 'init') {
          onInit(event.init, began ?? new Date());
          continue;
        }
        if (event.reconfigured) {
          void end({ kind: 'changed', detail: 'the video came in another size or profile' });
          return;
        }
        heardAt = performance.now();
        fragments++;
        onFragment(event.fragment);
      }
    } catch (error) {
      void end({ kind: 'failed', detail: `what ffmpeg wrote can not be read: ${(error as Error).message}` });
    }
  });
  // A broken pipe is told by ffmpeg's end.
  run.stdout!.on('error', () => undefined);
  const begin = (): void => {
    began = new Date();
  };
  beginTogether(taps, begin).catch((error: unknown) => end({ kind: 'changed', detail: `the producers went while ffmpeg began: ${(error as Error).message}` }));
  leaveOnOtherLayer(taps, end);
  return {
    ended,
    producers: new Set(sources.map(({ id }) => id)),
    pid: run.pid,
    get heardAt() {
      return heardAt;
    },
    get fragments() {
      return fragments;
    },
    get hasKeyframe() {
      return began !== null || performance.now() - startedAt < KEYFRAME_MS;
    },
    askKeyframe,
    end,
  };
}

/** Simulcast: the picture has another size now. What was begun with the former one would keep it. */
function leaveOnOtherLayer(taps: readonly Tap[], end: MediaRun['end']): void {
  const video = taps.find(({ consumer }) => consumer.type === 'simulcast')?.consumer;
  if (!video) return;
  let first: number | null = null;
  let timer: NodeJS.Timeout | undefined;
  video.on('layerschange', (layers) => {
    clearTimeout(timer);
    if (!layers) return;
    first ??= layers.spatialLayer;
    if (layers.spatialLayer !== first) timer = setTimeout(() => void end({ kind: 'changed', detail: 'the video came in another size' }), LAYER_STAYS_MS);
  });
  video.observer.once('close', () => clearTimeout(timer));
}

/** The consumer went while it was asked. */
const ignoreClosed = (): undefined => undefined;
