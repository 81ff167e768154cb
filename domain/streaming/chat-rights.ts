import type { StreamVisibility } from '../contracts/stream.ts';
import { isAllowed, type WorkspaceRole } from '../permissions.ts';

/** Who somebody is to a stream. */
export interface ChatPerson {
  user_id: string;
  /** Role in the stream's workspace; null: no member. */
  role: WorkspaceRole | null;
  /** A moderator who was appointed. */
  appointed: boolean;
  /** The stream's owner has blocked them, or they the owner: neither is there for the other. */
  blocked: boolean;
}

export interface ChatPlace {
  /** The owner. */
  user_id: string;
  visibility: StreamVisibility;
}

const isOwner = (place: ChatPlace, person: ChatPerson): boolean => person.user_id === place.user_id;
const runs = (place: ChatPlace, person: ChatPerson): boolean => isOwner(place, person) || (person.role !== null && isAllowed(person.role, 'streams.moderate'));

export const isModerator = (place: ChatPlace, person: ChatPerson): boolean => runs(place, person) || person.appointed;

/** Whether they may be in the chat. Moderators may whom they have to look after, blocked or not. @param hasToken a play token lets them in to what is private */
export const mayJoin = (place: ChatPlace, person: ChatPerson, hasToken: boolean): boolean =>
  isModerator(place, person) || (!person.blocked && (hasToken || place.visibility === 'public' || (person.role !== null && isAllowed(person.role, 'streams.view'))));

/** Why one may not restrict the other; null: they may. Owners are restricted by nobody, moderators only by those who run the stream. */
export function whyNotRestrict(place: ChatPlace, actor: ChatPerson, target: ChatPerson): string | null {
  if (!isModerator(place, actor)) return 'moderators of this chat alone may do this';
  if (isOwner(place, target) || target.role === 'owner') return 'nobody restricts the owner';
  if (isModerator(place, target) && !runs(place, actor)) return 'an appointed moderator restricts no other moderator';
  return null;
}
