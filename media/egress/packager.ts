import { createSegmenter, type Cut, type Segmenter, type SegmenterOptions } from '../../domain/streaming/segmenter.ts';
import type { Mp4Init } from '../../domain/streaming/mp4-init.ts';
import type { Fragment } from '../../domain/contracts/recording.ts';
import type { LiveWindow } from '../hls/live-window.ts';
import type { Recorder } from '../recording/recorder.ts';

export interface PackagerOptions {
  window: LiveWindow;
  recorder: Recorder;
  cutting: SegmenterOptions;
  newId: () => string;
  /** The encoder is to send a keyframe: the segment could end. */
  onKeyframeDue: () => void;
  /** A segment is whole; `independent`: it begins with a keyframe. */
  onSegment: (segment: { init: Uint8Array; bytes: readonly Uint8Array[]; independent: boolean }) => void;
}

/** So long before a segment should end a keyframe is asked for: an encoder takes a few frames to send it. Milliseconds. */
const ASK_AHEAD_MS = 150;

/** What ffmpeg writes, cut into parts and segments once, for players and for the recording. */
export class Packager {
  readonly #options: PackagerOptions;
  #segmenter: Segmenter | null = null;
  #init: Mp4Init | null = null;
  #zero = new Date(0);
  #independent = false;
  #asked = false;

  constructor(options: PackagerOptions) {
    this.#options = options;
  }

  /** @param mediaZero wall clock at 0 of the media's own clock */
  begin(init: Mp4Init, mediaZero: Date): void {
    this.#segmenter = createSegmenter(this.#options.cutting);
    this.#init = init;
    this.#zero = mediaZero;
    this.#beginRun(mediaZero);
  }

  push(fragment: Fragment): void {
    const segmenter = this.#segmenter!;
    for (const cut of segmenter.push(fragment)) this.#take(cut);
    if (this.#asked || segmenter.open_ms < this.#options.cutting.target_ms - ASK_AHEAD_MS) return;
    this.#asked = true;
    this.#options.onKeyframeDue();
  }

  /** Ends the segment and the run in hand; where there is none nothing happens. */
  end(reason: string): void {
    for (const cut of this.#segmenter?.end() ?? []) this.#take(cut);
    this.#segmenter = null;
    this.#options.recorder.endRun(reason);
  }

  #beginRun(started_at: Date): void {
    const { window, recorder, newId } = this.#options;
    const { bytes, codecs, width, height } = this.#init!;
    const run = { id: newId(), init: bytes, codecs, width, height };
    window.beginRun(run);
    recorder.begin({ ...run, started_at, media_zero: this.#zero });
  }

  #take(cut: Cut): void {
    const { window, recorder } = this.#options;
    switch (cut.kind) {
      case 'begin': {
        const started_at = new Date(Math.round(this.#zero.getTime() + cut.start_ms));
        if (recorder.mayBeginAgain && cut.independent) this.#beginRun(started_at);
        this.#independent = cut.independent;
        this.#asked = false;
        window.openSegment(started_at.getTime(), recorder.openSegment(window.nextSequence, started_at));
        return;
      }
      case 'fragment':
        return recorder.write(cut.fragment.bytes, cut.fragment.duration_ms);
      case 'part':
        return window.addPart(cut.bytes, cut);
      case 'end': {
        const { bytes } = window.open!;
        recorder.closeSegment(cut.duration_ms);
        window.closeSegment(cut.duration_ms);
        this.#options.onSegment({ init: this.#init!.bytes, bytes: bytes!, independent: this.#independent });
        return;
      }
    }
  }
}
