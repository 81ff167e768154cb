/** A field of DER: https://www.itu.int/rec/T-REC-X.690 */
interface Field {
  tag: number;
  value: Buffer;
}

const OID = 0x06;
/** [3] of TBSCertificate: its extensions. */
const EXTENSIONS = 0xa3;

/**
 * Whether a certificate has an extension. Node reads certificates, but does not tell of extensions that it does not know.
 * @param certificate DER, that Node has read already @param oid such as 1.2.840.113635.100.6.2.1
 * @throws RangeError where it is no DER
 */
export function hasExtension(certificate: Buffer, oid: string): boolean {
  const wanted = encodeOid(oid);
  const [whole] = fields(certificate);
  const [body] = fields(whole!.value);
  const held = [...fields(body!.value)].find(({ tag }) => tag === EXTENSIONS);
  if (!held) return false;
  const [list] = fields(held.value);
  return [...fields(list!.value)].some(({ value }) => {
    const [name] = fields(value);
    return name?.tag === OID && name.value.equals(wanted);
  });
}

function* fields(bytes: Buffer): Generator<Field> {
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes.readUInt8(at);
    const first = bytes.readUInt8(at + 1);
    const sizeBytes = first < 0x80 ? 0 : first & 0x7f;
    const length = sizeBytes === 0 ? first : bytes.readUIntBE(at + 2, sizeBytes);
    const start = at + 2 + sizeBytes;
    if (start + length > bytes.length) throw new RangeError('a field is longer than what holds it');
    yield { tag, value: bytes.subarray(start, start + length) };
    at = start + length;
  }
}

function encodeOid(oid: string): Buffer {
  const [first = 0, second = 0, ...rest] = oid.split('.').map(Number);
  return Buffer.from([first * 40 + second, ...rest.flatMap(base128)]);
}

function base128(arc: number): number[] {
  const digits = [arc & 0x7f];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}
