import type { BridgePlan } from './input-plan.ts';

/** A keyframe so often where we encode, seconds: what viewers wait for at most when they join. */
const KEYFRAME_S = 2;
const AUDIO_BITRATE = '128k';
/** For what we encode: enough for 1080p at 30 frames a second. */
const MOST_VIDEO_BITRATE = '4000k';

/** Keyframes that every viewer can start from: their parameter sets come with them (RFC 6184, section 8.4). */
const COPY = ['-c:v', 'copy', '-bsf:v', 'h264_mp4toannexb'];
const TRANSCODE = [
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-profile:v', 'baseline', '-pix_fmt', 'yuv420p', '-bf', '0'],
  ...['-crf', '23', '-maxrate', MOST_VIDEO_BITRATE, '-bufsize', MOST_VIDEO_BITRATE],
  // H.264 has no odd sizes in 4:2:0.
  ...['-vf', 'scale=trunc(iw/2)*2:trunc(ih/2)*2'],
  ...['-g', '600', '-force_key_frames', `expr:gte(t,n_forced*${KEYFRAME_S})`, '-fps_mode', 'passthrough'],
  ...['-bsf:v', 'dump_extra=freq=keyframe'],
];
const OPUS = ['-c:a', 'libopus', '-ar', '48000', '-ac', '2', '-b:a', AUDIO_BITRATE, '-frame_duration', '20', '-af', 'aresample=async=1000'];

/** ffmpeg from FLV on its standard input to RTP within RTSP at `target`; pictures are its first stream. */
export function bridgeArguments({ video, audio }: BridgePlan, target: string): string[] {
  // Not -fflags nobuffer: it throws away what was read to learn the codecs, the first keyframe too.
  const input = ['-analyzeduration', '500000', '-fpsprobesize', '0', '-f', 'flv', '-i', 'pipe:0'];
  const picture = video ? ['-map', '0:v:0', ...(video.mode === 'copy' ? COPY : TRANSCODE)] : [];
  const sound = audio ? ['-map', '0:a:0', ...OPUS] : [];
  // One kind must not wait for the other: neither for it to come, nor to be written in order of time (microseconds).
  const prompt = ['-max_interleave_delta', '200000', '-muxdelay', '0', '-flush_packets', '1', '-max_muxing_queue_size', '1024'];
  return [...input, ...picture, ...sound, ...prompt, '-f', 'rtsp', '-rtsp_transport', 'tcp', '-pkt_size', '1200', target];
}
