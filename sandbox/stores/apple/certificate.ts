import { createHash, sign, type KeyObject } from 'node:crypto';

/** X.509 certificates by hand (https://www.rfc-editor.org/rfc/rfc5280): Node reads them, but makes none. */

const TAGS = { integer: 0x02, bits: 0x03, octets: 0x04, nothing: 0x05, oid: 0x06, text: 0x0c, utc: 0x17, generalized: 0x18, sequence: 0x30, set: 0x31 } as const;

const OIDS = { commonName: '2.5.4.3', organization: '2.5.4.10', subjectKey: '2.5.29.14', keyUsage: '2.5.29.15', constraints: '2.5.29.19', authorityKey: '2.5.29.35', ecdsaSha256: '1.2.840.10045.4.3.2' } as const;
const DIGITAL_SIGNATURE = Buffer.from([7, 0x80]);
const SIGNS_CERTIFICATES = Buffer.from([1, 0x06]);

function tlv(tag: number, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const length = value.length < 0x80 ? Buffer.from([value.length]) : longLength(value.length);
  return Buffer.concat([Buffer.from([tag]), length, value]);
}

function longLength(length: number): Buffer {
  const hex = length.toString(16);
  const bytes = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex');
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes]);
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...arcs] = text.split('.').map(Number);
  const bytes = arcs.flatMap((arc) => {
    const digits = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) digits.unshift(0x80 | (left & 0x7f));
    return digits;
  });
  return tlv(TAGS.oid, Buffer.from([first * 40 + second, ...bytes]));
}

const sequence = (...parts: Buffer[]): Buffer => tlv(TAGS.sequence, ...parts);
const name = (common: string): Buffer => sequence(...([[OIDS.commonName, common], [OIDS.organization, 'Showrunner sandbox, not Apple']] as const).map(([id, text]) => tlv(TAGS.set, sequence(oid(id), tlv(TAGS.text, Buffer.from(text))))));

/** Two digits of the year until 2049, four from then on. */
function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < 2050 ? tlv(TAGS.utc, Buffer.from(digits.slice(2))) : tlv(TAGS.generalized, Buffer.from(digits));
}

const extension = (id: string, isCritical: boolean, value: Buffer): Buffer => sequence(oid(id), ...(isCritical ? [Buffer.from([0x01, 0x01, 0xff])] : []), tlv(TAGS.octets, value));

const keyId = (key: KeyObject): Buffer => createHash('sha1').update(key.export({ type: 'spki', format: 'der' })).digest();

export interface CertificateInput {
  subject: string;
  issuer: string;
  publicKey: KeyObject;
  /** Of the issuer: an EC key pair. */
  issuerKeys: { publicKey: KeyObject; privateKey: KeyObject };
  isAuthority: boolean;
  from: Date;
  to: Date;
  /** OIDs of extensions whose being there is all they say. */
  marks?: readonly string[];
}

let serial = 0x5eed_0000;

/** A certificate, DER, signed by ECDSA with SHA-256. */
export function issueCertificate({ subject, issuer, publicKey, issuerKeys, isAuthority, from, to, marks = [] }: CertificateInput): Buffer {
  const algorithm = sequence(oid(OIDS.ecdsaSha256));
  serial += 1;
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(serial));
  const extensions = [
    extension(OIDS.constraints, true, isAuthority ? sequence(Buffer.from([0x01, 0x01, 0xff])) : sequence()),
    extension(OIDS.keyUsage, true, tlv(TAGS.bits, isAuthority ? SIGNS_CERTIFICATES : DIGITAL_SIGNATURE)),
    extension(OIDS.subjectKey, false, tlv(TAGS.octets, keyId(publicKey))),
    extension(OIDS.authorityKey, false, sequence(tlv(0x80, keyId(issuerKeys.publicKey)))),
    ...marks.map((mark) => extension(mark, false, tlv(TAGS.nothing))),
  ];
  const body = sequence(
    tlv(0xa0, tlv(TAGS.integer, Buffer.from([2]))),
    tlv(TAGS.integer, Buffer.concat([Buffer.from([0x01]), number])),
    algorithm,
    name(issuer),
    sequence(time(from), time(to)),
    name(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, issuerKeys.privateKey);
  return sequence(body, algorithm, tlv(TAGS.bits, Buffer.from([0]), signature));
}
