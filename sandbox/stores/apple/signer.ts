import { generateKeyPairSync, sign, X509Certificate, type KeyObject } from 'node:crypto';
import { issueCertificate } from './certificate.ts';

const LEAF_MARK = '1.2.840.113635.100.6.11.1';
const INTERMEDIATE_MARK = '1.2.840.113635.100.6.2.1';
const DAY_MS = 86_400_000;

/** What a forger would send. other_root: all as it should be, but for the root. altered: changed after it was signed. unsigned: alg none. */
export const FORGERIES = ['other_root', 'altered', 'unsigned', 'expired_leaf', 'unmarked', 'no_authority'] as const;
export type Forgery = (typeof FORGERIES)[number];

export interface Signer {
  /** Of the root certificate. */
  readonly root: { der: Buffer; pem: string };
  /** A JWS as Apple makes them: https://developer.apple.com/documentation/appstoreserverapi/jwsdecodedheader */
  sign(payload: object, forgery?: Forgery): string;
}

interface Keys {
  publicKey: KeyObject;
  privateKey: KeyObject;
}

interface Chain {
  x5c: string[];
  key: KeyObject;
}

const newKeys = (curve: 'P-256' | 'P-384'): Keys => generateKeyPairSync('ec', { namedCurve: curve });

/** Apple's certificates of this sandbox, made anew each time: whoever knows the root believes this sandbox alone. */
export function createSigner(): Signer {
  const authority = createAuthority();
  const stranger = createAuthority();
  const good = authority.chain({});
  const chains: Record<Forgery, () => Chain> = {
    other_root: () => stranger.chain({}),
    altered: () => good,
    unsigned: () => good,
    expired_leaf: () => authority.chain({ expired: true }),
    unmarked: () => authority.chain({ marks: [] }),
    no_authority: () => authority.chain({ intermediateIsAuthority: false }),
  };
  return {
    root: { der: authority.root, pem: new X509Certificate(authority.root).toString() },
    sign(payload, forgery) {
      const { x5c, key } = forgery === undefined ? good : chains[forgery]();
      const head = encode({ alg: forgery === 'unsigned' ? 'none' : 'ES256', x5c });
      const body = encode(payload);
      const signature = forgery === 'unsigned' ? '' : sign('sha256', Buffer.from(`${head}.${body}`), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
      return `${head}.${forgery === 'altered' ? encode({ ...payload, quantity: 100, productId: 'coins_6500' }) : body}.${signature}`;
    },
  };
}

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

function createAuthority() {
  const [rootKeys, middleKeys] = [newKeys('P-384'), newKeys('P-384')];
  const span = { from: new Date(Date.now() - 365 * DAY_MS), to: new Date(Date.now() + 3_650 * DAY_MS) };
  const [rootName, middleName] = ['Sandbox Root CA - G3', 'Sandbox Worldwide Developer Relations CA - G6'];
  const root = issueCertificate({ ...span, subject: rootName, issuer: rootName, publicKey: rootKeys.publicKey, issuerKeys: rootKeys, isAuthority: true });
  return {
    root,
    chain({ expired = false, marks = [LEAF_MARK], intermediateIsAuthority = true }: { expired?: boolean; marks?: string[]; intermediateIsAuthority?: boolean }): Chain {
      const leafKeys = newKeys('P-256');
      const intermediate = issueCertificate({ ...span, subject: middleName, issuer: rootName, publicKey: middleKeys.publicKey, issuerKeys: rootKeys, isAuthority: intermediateIsAuthority, marks: [INTERMEDIATE_MARK] });
      const to = expired ? new Date(Date.now() - DAY_MS) : span.to;
      const leaf = issueCertificate({ from: span.from, to, subject: 'Sandbox Mac App Store and iTunes Store Receipt Signing', issuer: middleName, publicKey: leafKeys.publicKey, issuerKeys: middleKeys, isAuthority: false, marks });
      return { x5c: [leaf, intermediate, root].map((one) => one.toString('base64')), key: leafKeys.privateKey };
    },
  };
}
