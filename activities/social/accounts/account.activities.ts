import type { DeleteAccountActivities, ExportDataActivities, SweepAccountsActivities } from '../../../domain/contracts/app-account.ts';
import type { AccountDeps } from './account-deps.ts';
import { createDeleteAccount } from './delete-account.ts';
import { createRemoveReactions } from './remove-reactions.ts';
import { createRemoveStreams } from './remove-streams.ts';
import { createSweepAccounts } from './sweep-accounts.ts';
import { createWriteExport } from './write-export.ts';

/** What the workflows `deleteAccount`, `exportData` and `sweepAccounts` do. @param openForMs how long the API has to start a workflow itself */
export const createAccountActivities = (deps: AccountDeps, openForMs?: number): DeleteAccountActivities & ExportDataActivities & SweepAccountsActivities => ({
  ...createDeleteAccount(deps),
  ...createRemoveStreams(deps),
  ...createRemoveReactions(deps),
  ...createWriteExport(deps),
  ...createSweepAccounts(deps, openForMs),
});
