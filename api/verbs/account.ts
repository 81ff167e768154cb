import { z } from 'zod';
import { askDeletion } from '../../db/app-deletion.repository.ts';
import { openExport, type AppExport } from '../../db/app-export.repository.ts';
import type { ApiConfig } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { issuePlayToken } from '../play-token.ts';
import { flag } from './fields.ts';
import { EXAMPLE_OWN_USER } from './people-examples.ts';
import { timeOf } from './views.ts';
import { defineVerb, type Verb } from './verb.ts';

const deleteUserAccount = defineVerb({
  name: 'deleteUserAccount',
  summary: 'Deletes one’s own account, for good',
  description:
    'From the answer on nobody sees the account and its token opens nothing. Videos, comments, likes, follows, messages and devices are removed within minutes, coins that are left are forfeited; a payout under way goes on. ' +
    'Signing in again makes a new account. What is kept for the books (gifts, purchases, payouts) names nobody.',
  access: 'user',
  input: z.object({}),
  turns_per_minute: 5,
  example: { request: {}, msg: { user_id: EXAMPLE_OWN_USER.id, deleted: '1' } },
  async run({ deps, workspace_id, user, request_id, log }) {
    if (!(await askDeletion(deps.db, { user_id: user.id, workspace_id }))) throw new ApiError('user_gone');
    // Where Temporal is away, the sweep of accounts starts it.
    deps.temporal.social.deleteAccount({ user_id: user.id, workspace_id, request_id }).catch((error: unknown) => log.warn({ err: error }, 'the account is deleted; the sweep has its things removed'));
    return { user_id: user.id, deleted: '1' };
  },
});

/** `Export` of the contract. */
async function exportView({ id, state, created_at, expires_at }: AppExport, config: ApiConfig) {
  const url = state === 'ready' ? `${config.publicUrl}/api/app-exports/${id}?token=${(await issuePlayToken(id, config)).token}` : '';
  return { id, state, url, created: timeOf(created_at), expires: timeOf(expires_at) };
}

const exportUserData = defineVerb({
  name: 'exportUserData',
  summary: 'Has all of one’s own data written into a file, and says where it is',
  description:
    'The first call starts it (`state` is `pending`); call again until it is `ready` and `url` can be opened, for an hour without signing in. The file is JSON, and is kept for seven days. `fresh` 1 makes a new one.',
  access: 'user',
  input: z.object({ fresh: flag.optional().default(false) }),
  turns_per_minute: 20,
  example: {
    request: {},
    msg: { Export: { id: '0190a1b2-0000-7000-8000-0000000000c9', state: 'pending', url: '', created: '2026-03-14 18:00:00', expires: '' } },
  },
  async run({ deps, workspace_id, user, request_id, log }, { fresh }) {
    const { row, is_new } = await openExport(deps.db, user.id, fresh);
    if (is_new)
      deps.temporal.social
        .exportData({ export_id: row.id, user_id: user.id, workspace_id, request_id })
        .catch((error: unknown) => log.warn({ err: error, export_id: row.id }, 'the export is asked for; the sweep has it written'));
    return { Export: await exportView(row, deps.config) };
  },
});

export const accountVerbs: readonly Verb[] = [deleteUserAccount, exportUserData];
