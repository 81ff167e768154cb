import { createHash, randomBytes } from 'node:crypto';

const PREFIX = 'sk_';
const RANDOM_BYTES = 20;
/** Longer than any key of ours: what an encoder sends is hashed, and nobody shall have us hash a megabyte. */
const LONGEST = 200;

/** Who knows it may publish. It is shown once; what is kept is its hash. */
export const newStreamKey = (): string => `${PREFIX}${randomBytes(RANDOM_BYTES).toString('base64url')}`;

/** SHA-256, hex: a key has 160 random bits, so it needs neither salt nor a slow hash. */
export const hashStreamKey = (key: string): string => createHash('sha256').update(key).digest('hex');

/** What a person knows a key by, without it being of use to anybody else. */
export const hintOfStreamKey = (key: string): string => key.slice(-4);

/** Whether a text could be a key of ours at all. */
export const looksLikeStreamKey = (text: string): boolean => text.startsWith(PREFIX) && text.length <= LONGEST;
