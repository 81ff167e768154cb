import type { EgressMedia } from './egress-sdp.ts';
import { egressSdp } from './egress-sdp.ts';

/** Short, so that a kill loses little and parts can be cut to the frame: two frames at 30 a second. Microseconds. */
const FRAGMENT_US = 66_000;
/** Where one of two tracks pauses, the other one goes on after so long. Microseconds; ffmpeg's default is 10 s. */
const INTERLEAVE_US = 500_000;
/** How long a lost or late packet is waited for, microseconds. */
const REORDER_US = 200_000;
/** Until codec and size are known; the first keyframe is asked for meanwhile. Microseconds. */
const ANALYZE_US = 5_000_000;
/** For keyframes of a high bitrate, which arrive in one burst. The kernel may give less. */
const SOCKET_BYTES = 4 * 1024 * 1024;

/**
 * A keyframe each two seconds, wherever the encoder has its own. RTP does not say a frame rate, and browsers change theirs all the time:
 * a steady one is what players and editors take best.
 */
const TO_H264 = ['-vf', 'fps=30', '-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p', '-force_key_frames', 'expr:gte(t,n_forced*2)', '-g', '600'];
/** Gaps and clock drift of the sender are evened out: silence where nothing came. */
const TO_AAC = ['-c:a', 'aac', '-b:a', '128k', '-ac', '2', '-ar', '48000', '-af', 'aresample=async=1000:first_pts=0'];

const MP4 = ['-f', 'mp4', '-movflags', '+frag_keyframe+empty_moov+default_base_moof+skip_trailer', '-frag_duration', String(FRAGMENT_US), '-flush_packets', '1'];

/** RTP in, fragmented MP4 on standard output: H.264 as it is, VP8 as H.264, Opus as AAC. */
export function egressArguments(medias: readonly EgressMedia[]): string[] {
  const video = medias.find(({ kind }) => kind === 'video');
  const audio = medias.some(({ kind }) => kind === 'audio');
  const copied = video?.codec.mimeType.toLowerCase() === 'video/h264';
  const sdp = Buffer.from(egressSdp(medias)).toString('base64');
  return [
    ...['-protocol_whitelist', 'data,udp,rtp', '-analyzeduration', String(ANALYZE_US), '-probesize', '20000000', '-fpsprobesize', '0'],
    ...['-max_delay', String(REORDER_US), '-buffer_size', String(SOCKET_BYTES), '-fflags', '+genpts'],
    ...['-f', 'sdp', '-i', `data:application/sdp;base64,${sdp}`],
    ...(video ? ['-map', '0:v:0', ...(copied ? ['-c:v', 'copy'] : TO_H264)] : []),
    ...(audio ? ['-map', '0:a:0', ...TO_AAC] : []),
    ...['-max_interleave_delta', String(INTERLEAVE_US), ...MP4, 'pipe:1'],
  ];
}
