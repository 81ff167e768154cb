import type { Audience } from '../contracts/social.ts';
import type { ErrorCode } from '../errors.ts';

/** How a writer stands to whom they write. */
export interface WritingStanding {
  receiver_is_gone: boolean;
  is_blocked: boolean;
  /** Whom the receiver lets write. */
  audience: Audience;
  /** Each follows the other. */
  are_friends: boolean;
}

/** Why one may not write to another; null: they may. */
export function writingRefusal({ receiver_is_gone, is_blocked, audience, are_friends }: WritingStanding): Extract<ErrorCode, 'user_gone' | 'user_blocked' | 'messages_off'> | null {
  if (receiver_is_gone) return 'user_gone';
  if (is_blocked) return 'user_blocked';
  if (audience === 'no_one' || (audience === 'friends' && !are_friends)) return 'messages_off';
  return null;
}
