import type { types } from 'mediasoup';
import type { FlvPacket } from './flv-packet.ts';

export interface BridgePlan {
  /** copy: H.264 as it came. null: none. */
  video: { codec: string; mode: 'copy' | 'transcode'; why: string | null } | null;
  /** Always made Opus. */
  audio: { codec: string } | null;
  /** By enhanced RTMP: an older ffmpeg may know nothing of it. */
  enhanced: boolean;
}

/** H.264 profiles that browsers decode: baseline, main, high. */
const PROFILES = new Set([66, 77, 88, 100]);
/** Frames without a picture out of order after which an encoder that delays its pictures is believed to make no B-frames. */
const FRAMES_IN_ORDER = 12;
/** An encoder that sends one kind only is waited for so long. Milliseconds. */
const OTHER_KIND_MS = 2_000;

/**
 * Looks at what an encoder sends, and says how it is brought to WebRTC: H.264 without B-frames is copied, since WebRTC shows
 * pictures in the order in which they come (RFC 7742 leaves no room for another); the rest is made anew.
 */
export class InputPlanner {
  #headers: { video: FlvPacket | null; audio: FlvPacket | null } = { video: null, audio: null };
  #codecs: { video: FlvPacket | null; audio: FlvPacket | null } = { video: null, audio: null };
  #firstAt: number | null = null;
  #firstFrame: FlvPacket | null = null;
  #latestPts = -Infinity;
  #frames = 0;
  #reordered = false;

  /** The packets that describe the codecs: what reads the stream from the middle needs them first. */
  get headers(): FlvPacket[] {
    return [this.#headers.video, this.#headers.audio].filter((header) => header !== null);
  }

  see(packet: FlvPacket, nowMs: number): void {
    this.#firstAt ??= nowMs;
    this.#codecs[packet.kind] = packet.header || this.#codecs[packet.kind]?.codec !== packet.codec ? packet : this.#codecs[packet.kind];
    if (packet.header) this.#headers[packet.kind] = packet;
    else if (packet.kind === 'video') this.#seeFrame(packet);
  }

  /** null: more must be seen. */
  plan(nowMs: number): BridgePlan | null {
    if (this.#firstAt === null) return null;
    const waited = nowMs - this.#firstAt >= OTHER_KIND_MS;
    const video = this.#firstFrame && this.#codecs.video ? this.#video(this.#codecs.video, waited) : null;
    const audio = this.#codecs.audio ? { codec: this.#codecs.audio.codec } : null;
    if (video === 'undecided' || (!(video && audio) && !waited) || !(video ?? audio)) return null;
    return { video, audio, enhanced: (video !== null && this.#codecs.video!.enhanced) || (this.#codecs.audio?.enhanced ?? false) };
  }

  #seeFrame(packet: FlvPacket): void {
    if (this.#firstFrame === null && !packet.keyframe) return;
    this.#firstFrame ??= packet;
    this.#frames += 1;
    // Time that starts anew is no picture out of order.
    if (packet.pts_ms < this.#latestPts && packet.dts_ms > this.#latestPts - 2_000) this.#reordered = true;
    this.#latestPts = packet.pts_ms;
  }

  #video({ codec, profile, enhanced }: FlvPacket, waited: boolean): BridgePlan['video'] | 'undecided' {
    const transcode = (why: string): BridgePlan['video'] => ({ codec, mode: 'transcode', why });
    if (codec !== 'h264') return transcode(`${codec} is not taken by WebRTC here`);
    if (profile !== null && !PROFILES.has(profile)) return transcode(`browsers do not decode H.264 profile ${profile}`);
    if (this.#reordered) return transcode('B-frames');
    const inOrder = this.#firstFrame!.pts_ms === this.#firstFrame!.dts_ms || this.#frames >= FRAMES_IN_ORDER || waited;
    return inOrder ? { codec, mode: 'copy', why: enhanced ? 'enhanced RTMP' : null } : 'undecided';
  }
}

export const kindsOf = (plan: BridgePlan): Set<types.MediaKind> => new Set([...(plan.video ? (['video'] as const) : []), ...(plan.audio ? (['audio'] as const) : [])]);

/** Whether ffmpeg must be told anew. */
export const samePlan = (a: BridgePlan, b: BridgePlan): boolean => a.video?.mode === b.video?.mode && a.video?.codec === b.video?.codec && a.audio?.codec === b.audio?.codec;
