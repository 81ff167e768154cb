import type { types } from 'mediasoup';

/** H.264 profiles: constrained baseline (OBS and every browser), baseline, main, high. */
const H264_PROFILES = ['42e01f', '42001f', '4d001f', '64001f'] as const;

/** What encoders may send; VP8 and Opus are what every browser must have (RFC 7742, RFC 7874). */
export const MEDIA_CODECS: types.RouterRtpCodecCapability[] = [
  { kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2, parameters: { useinbandfec: 1, minptime: 10 } },
  ...H264_PROFILES.map((profile) => ({
    kind: 'video' as const,
    mimeType: 'video/H264',
    clockRate: 90_000,
    parameters: { 'packetization-mode': 1, 'profile-level-id': profile, 'level-asymmetry-allowed': 1 },
  })),
  { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000 },
];

/** For messages to people. */
export const CODECS_TAKEN = 'H.264 (packetization-mode 1), VP8 and Opus';
