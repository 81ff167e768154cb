import { randomBytes } from 'node:crypto';

/** 256 random bits; the prefix lets secret scanners find a leaked one. */
export const newWebhookSecret = (): string => `whsec_${randomBytes(32).toString('base64url')}`;
