import { X509Certificate, type KeyObject } from 'node:crypto';
import { compactVerify, decodeJwt, errors } from 'jose';
import { hasExtension } from './extensions.ts';

/** What Apple's library demands as well: https://github.com/apple/app-store-server-library-node */
const RECEIPT_SIGNING_LEAF = '1.2.840.113635.100.6.11.1';
const WORLDWIDE_DEVELOPER_RELATIONS = '1.2.840.113635.100.6.2.1';
/** Clocks differ. */
const TOLERANCE_MS = 5 * 60_000;
const CHAIN_LENGTH = 3;

/** Apple has not signed this, or not so that it holds; the message is for people. */
export class NotSigned extends Error {}

/**
 * The payload of a JWS that Apple has signed.
 * @param validAt signed: certificates hold at the time of signing, since receipts outlive them. now: they hold now
 * @throws NotSigned
 */
export type ReadSigned = (jws: string, validAt: 'signed' | 'now') => Promise<Record<string, unknown>>;

/**
 * Reads Apple's signed data: ES256 by a leaf certificate, whose chain in x5c leads to a root that we hold, with Apple's marks.
 * https://developer.apple.com/documentation/appstoreserverapi/jwsdecodedheader
 * @param roots Apple's root certificates
 */
export function createSignedDataReader(roots: readonly X509Certificate[], now: () => number = Date.now): ReadSigned {
  return async (jws, validAt) => {
    const at = validAt === 'now' ? now() : signedDateOf(jws, now());
    try {
      const { payload } = await compactVerify(jws, ({ x5c }) => leafKey(roots, x5c, at), { algorithms: ['ES256'] });
      return JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>;
    } catch (error) {
      if (error instanceof NotSigned) throw error;
      if (error instanceof errors.JOSEError || error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError) throw new NotSigned('It is not signed by Apple, or was altered.', { cause: error });
      throw error;
    }
  };
}

/** Believed only once the signature over it is verified. */
function signedDateOf(jws: string, nowMs: number): number {
  const { signedDate } = unverified(jws);
  if (typeof signedDate !== 'number' || !Number.isFinite(signedDate)) throw new NotSigned('It does not say when it was signed.');
  if (signedDate > nowMs + TOLERANCE_MS) throw new NotSigned('It was signed in the future.');
  return signedDate;
}

function unverified(jws: string): Record<string, unknown> {
  try {
    return decodeJwt(jws);
  } catch (error) {
    throw new NotSigned('It is not signed data of Apple.', { cause: error });
  }
}

/** The key of the first certificate. @throws NotSigned where the chain does not hold */
function leafKey(roots: readonly X509Certificate[], x5c: unknown, atMs: number): KeyObject {
  if (!Array.isArray(x5c) || x5c.length !== CHAIN_LENGTH) throw new NotSigned(`Its chain has not ${CHAIN_LENGTH} certificates.`);
  const [leaf, intermediate] = x5c.slice(0, 2).map(readCertificate) as [X509Certificate, X509Certificate];
  const root = roots.find((one) => isIssuedBy(intermediate, one));
  if (!root) throw new NotSigned('Its chain does not lead to a root certificate of Apple.');
  if (!root.ca || !intermediate.ca || leaf.ca || !isIssuedBy(leaf, intermediate)) throw new NotSigned('Its chain of certificates does not hold.');
  if (!hasExtension(leaf.raw, RECEIPT_SIGNING_LEAF) || !hasExtension(intermediate.raw, WORLDWIDE_DEVELOPER_RELATIONS)) throw new NotSigned('Its certificates are not those that sign for the App Store.');
  if ([leaf, intermediate, root].some((one) => !isValidAt(one, atMs))) throw new NotSigned('A certificate of its chain was not valid then.');
  return leaf.publicKey;
}

function readCertificate(text: unknown): X509Certificate {
  try {
    return new X509Certificate(Buffer.from(String(text), 'base64'));
  } catch (error) {
    throw new NotSigned('Its chain has something that is no certificate.', { cause: error });
  }
}

const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean => certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
const isValidAt = ({ validFrom, validTo }: X509Certificate, atMs: number): boolean => Date.parse(validFrom) <= atMs + TOLERANCE_MS && atMs <= Date.parse(validTo);
