import { AppError } from '../../../domain/errors.ts';
import type { AnswerTransport } from './answer.ts';
import { candidateOf } from './answer.ts';
import { checkIce, type IceCredentials } from './security.ts';

/**
 * Reads an application/trickle-ice-sdpfrag (RFC 8840). Candidates are not looked at: ours is ICE-lite, the client calls.
 * @returns the credentials, where it has any
 * @throws AppError sdp_invalid
 */
export function readFragment(text: string): IceCredentials | null {
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  if (lines.length === 0 || !lines.every((line) => /^[a-z]=/.test(line))) throw new AppError('sdp_invalid', 'it is no SDP fragment');
  const value = (name: string): string | undefined => lines.find((line) => line.startsWith(`a=${name}:`))?.slice(name.length + 3);
  const [ufrag, pwd] = [value('ice-ufrag'), value('ice-pwd')];
  if (ufrag === undefined && pwd === undefined) return null;
  const credentials = { ufrag: ufrag ?? '', pwd: pwd ?? '' };
  checkIce(credentials);
  return credentials;
}

/** Our side after an ICE restart (RFC 9725, 4.3.3). */
export function writeFragment({ iceParameters, iceCandidates }: Pick<AnswerTransport, 'iceParameters' | 'iceCandidates'>, mids: readonly (string | null)[]): string {
  const [first] = mids;
  const candidates = iceCandidates.map(candidateOf).map(({ foundation, component, transport, priority, ip, port, type, tcptype }) => {
    const tcp = tcptype ? ` tcptype ${tcptype}` : '';
    return `a=candidate:${foundation} ${component} ${transport} ${priority} ${ip} ${port} typ ${type}${tcp}`;
  });
  const lines = [
    'a=ice-lite',
    ...(first === null || first === undefined ? [] : [`a=group:BUNDLE ${mids.join(' ')}`, 'm=audio 9 UDP/TLS/RTP/SAVPF 0', `a=mid:${first}`]),
    `a=ice-ufrag:${iceParameters.usernameFragment}`,
    `a=ice-pwd:${iceParameters.password}`,
    ...candidates,
    'a=end-of-candidates',
  ];
  return `${lines.join('\r\n')}\r\n`;
}
