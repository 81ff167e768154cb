import type { types } from 'mediasoup';
import type { MediaDescription, SessionDescription } from 'sdp-transform';
import { AppError } from '../../../domain/errors.ts';

export interface IceCredentials {
  ufrag: string;
  pwd: string;
}

export interface Security {
  ice: IceCredentials;
  /** The client's, as mediasoup takes it. */
  dtls: types.DtlsParameters;
  /** Who begins the handshake: passive: the client, as nearly always. */
  setup: 'passive' | 'active';
}

const HEX_BYTES: Record<string, number> = { 'sha-1': 20, 'sha-224': 28, 'sha-256': 32, 'sha-384': 48, 'sha-512': 64 };
const ICE_CHARACTERS = /^[A-Za-z0-9+/=_-]+$/;

/** Credentials stand in the session's part (OBS) or in the sections (browsers); with BUNDLE the first section's count. @throws AppError sdp_invalid */
export function readSecurity(session: SessionDescription, used: readonly MediaDescription[]): Security {
  const first = <K extends 'iceUfrag' | 'icePwd' | 'fingerprint' | 'setup'>(key: K) => used.find((media) => media[key] !== undefined)?.[key] ?? session[key];
  const ice = { ufrag: String(first('iceUfrag') ?? ''), pwd: String(first('icePwd') ?? '') };
  checkIce(ice);
  const setup = String(first('setup') ?? 'actpass');
  if (setup !== 'actpass' && setup !== 'active' && setup !== 'passive') throw new AppError('sdp_invalid', 'a=setup is none of actpass, active and passive');
  return {
    ice,
    dtls: { role: setup === 'passive' ? 'server' : 'client', fingerprints: [fingerprintOf(first('fingerprint'))] },
    setup: setup === 'passive' ? 'active' : 'passive',
  };
}

/** RFC 8839, 5.4. @throws AppError sdp_invalid */
export function checkIce({ ufrag, pwd }: IceCredentials): void {
  if (ufrag.length < 4 || ufrag.length > 256 || !ICE_CHARACTERS.test(ufrag)) throw new AppError('sdp_invalid', 'a=ice-ufrag is missing, or not 4 to 256 ICE characters');
  if (pwd.length < 22 || pwd.length > 256 || !ICE_CHARACTERS.test(pwd)) throw new AppError('sdp_invalid', 'a=ice-pwd is missing, or not 22 to 256 ICE characters');
}

function fingerprintOf(given: { type: string; hash: string } | undefined): types.DtlsFingerprint {
  const algorithm = String(given?.type ?? '').toLowerCase();
  const value = String(given?.hash ?? '').toUpperCase();
  const bytes = Object.hasOwn(HEX_BYTES, algorithm) ? HEX_BYTES[algorithm] : undefined;
  if (bytes === undefined) throw new AppError('sdp_invalid', 'a=fingerprint is missing, or not by sha-1, -224, -256, -384 or -512');
  if (!new RegExp(`^([0-9A-F]{2}:){${bytes - 1}}[0-9A-F]{2}$`).test(value)) throw new AppError('sdp_invalid', `a=fingerprint is not the ${bytes} bytes of ${algorithm}`);
  return { algorithm: algorithm as types.FingerprintAlgorithm, value };
}
