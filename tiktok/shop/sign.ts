import { createHmac } from 'node:crypto';
import { signBase, type SignedRequest } from '../../domain/shop/sign-base.ts';

/** The query parameter `sign` of a request: lower-case hex, since TikTok refuses any other. */
export const signRequest = (request: SignedRequest, appSecret: string): string =>
  createHmac('sha256', appSecret).update(`${appSecret}${signBase(request)}${appSecret}`, 'utf8').digest('hex');
