import type { z } from 'zod';
import type { AccountRow } from '../db/post-request.repository.ts';
import type { PostContent, PostKind, PostMode } from '../domain/contracts/post.ts';
import { FEATURE_OF_SCOPE, type TikTokScope } from '../domain/contracts/social-account.ts';
import { AppError } from '../domain/errors.ts';
import { resolvePublishTime } from '../domain/publish-time.ts';
import { checkContent } from '../domain/publishing/post-content.ts';
import type { FieldFault } from './errors.ts';
import { parseJson } from './json-body.ts';
import { faultsOf, validationError } from './validation.ts';

/** The value of a text that should be JSON of this schema. @throws ApiError malformed_json, or 422 with every fault by field */
export function parseAs<T extends z.ZodType>(schema: T, text: string, part: string): z.infer<T> {
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) throw validationError(faultsOf(parsed.error, part));
  return parsed.data;
}

/** @throws ApiError (422) with all of them, where there are any */
export function refuse(faults: readonly FieldFault[]): void {
  if (faults.length > 0) throw validationError([...faults]);
}

const SCOPE_OF_MODE: Readonly<Record<PostMode, TikTokScope>> = { direct: 'video.publish', inbox: 'video.upload' };

/** Why these accounts can't be posted to, by their place in the request. @param accounts those of them that the workspace has */
export function accountFaults(ids: readonly string[], accounts: readonly AccountRow[], mode: PostMode): FieldFault[] {
  const byId = new Map(accounts.map((account) => [account.id, account]));
  return ids.flatMap((id, index) => {
    const account = byId.get(id);
    const message = ids.indexOf(id) < index ? 'is there twice' : account ? accountFault(account, mode)?.message : 'is no account of this workspace';
    return message === undefined ? [] : [{ field: `social_account_ids.${index}`, message }];
  });
}

/** Why an account can't be posted to in this mode; null: it can. */
export function accountFault({ state, state_reason, scopes }: AccountRow, mode: PostMode): AppError | null {
  if (state === 'disconnected') return new AppError('account_disconnected');
  if (state === 'reconnect_needed') return new AppError('reconnect_needed', state_reason);
  const scope = SCOPE_OF_MODE[mode];
  return scopes.includes(scope) ? null : new AppError('scope_missing', `${scope}: ${FEATURE_OF_SCOPE[scope]}`);
}

/** Faults of the content whatever TikTok allows its creator; @param photos how many pictures, null: a video */
export function contentFaults(content: PostContent, mode: PostMode, photos: number | null): FieldFault[] {
  const kind: PostKind = photos === null ? 'video' : 'photo';
  return checkContent(content, kind, mode, photos ?? undefined);
}

/** When to publish, and the faults of what was said of it; null: as soon as possible. */
export function publishTime(publish_at: string | null, time_zone: string | null): { at: Date | null; faults: FieldFault[] } {
  // A zone alone tells nothing of when, but a wrong one is still a slip of somebody who meant to say it.
  const answer = resolvePublishTime(publish_at ?? new Date().toISOString(), time_zone, Date.now());
  if (!answer.ok) return { at: null, faults: [{ field: answer.field, message: answer.message }] };
  return { at: publish_at === null ? null : new Date(answer.at_ms), faults: [] };
}
