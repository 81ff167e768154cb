import {
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import {
  DEFAULT_TOKEN_TIMINGS,
  type AccountLife,
  type DisconnectAnswer,
  type SocialAccountState,
  type TikTokTokenInput,
  type TokenTimings,
} from '../domain/contracts/social-account.ts';
import { answerTo, describeOwner, fail, isWanted, learn, newOwner, nextStep, stateOf, type TokenOwner } from '../domain/publishing/token-owner.ts';
import { patientActivities, rowActivities, scheduleActivities } from './account-activities.ts';
import { consentRemovedSignal, disconnectUpdate, reconnectedSignal, refreshUpdate, tokenQuery } from './tiktok-token.messages.ts';

/**
 * Owns the tokens of one account: refreshes them ahead of their end, for all who ask by one refresh at a time, and ends when the
 * consent does. It knows when they end, and never the tokens.
 */
export async function tiktokToken(input: TikTokTokenInput): Promise<void> {
  const timings: TokenTimings = { ...DEFAULT_TOKEN_TIMINGS, ...input.timings };
  const account = { social_account_id: input.social_account_id, workspace_id: input.workspace_id };
  const rows = rowActivities();
  const patient = patientActivities();
  const schedules = scheduleActivities();

  let owner: TokenOwner | null = null;
  let isReconnected = false;
  /** TikTok's word that it was, until TikTok itself says otherwise. */
  let consentRemoved: string | null = null;
  let isRemovalNews = false;
  let isDisconnecting = false;
  let disconnects = 0;
  let disconnected: DisconnectAnswer = { revoked_at_tiktok: false, reason: null, cancelled_posts: 0 };
  const hasNews = (): boolean => isDisconnecting || isReconnected || isRemovalNews;

  setHandler(tokenQuery, () => ({
    life: owner?.known.kind === 'usable' ? owner.known.life : null,
    next_refresh_at_ms: owner?.known.kind === 'usable' ? owner.next_at_ms : null,
    failures_in_a_row: owner?.failures_in_a_row ?? 0,
  }));
  setHandler(reconnectedSignal, () => {
    isReconnected = true;
  });
  setHandler(consentRemovedSignal, (reason) => {
    consentRemoved = reason;
    isRemovalNews = true;
  });
  setHandler(refreshUpdate, async ({ seen_version }) => {
    await condition(() => owner !== null);
    const answer = () => answerTo(owner!, seen_version, Date.now());
    if (answer() === null) owner = { ...owner!, wanted_version: Math.max(owner!.wanted_version, seen_version) };
    await condition(() => answer() !== null);
    return answer()!;
  });
  setHandler(disconnectUpdate, async () => {
    const before = disconnects;
    isDisconnecting = true;
    await condition(() => disconnects > before);
    return disconnected;
  });

  let shown: SocialAccountState | null = null;
  const become = (next: TokenOwner): TokenOwner => {
    const state = stateOf(next);
    setCurrentDetails(`**${state}**: ${describeOwner(next)}`);
    if (state !== shown) upsertSearchAttributes({ WorkspaceId: [account.workspace_id], SocialAccountId: [account.social_account_id], SocialAccountState: [state] });
    shown = state;
    return (owner = next);
  };
  /** `owner` may have changed while an activity ran: somebody asks. */
  const becomeKnown = (known: AccountLife): TokenOwner => become(learn(owner!, known, timings, Math.random()));

  const refresh = async (version: number): Promise<void> => {
    const outcome = await patient.refreshToken({
      ...account,
      seen_version: version,
      expiring_before_ms: timings.expiring_before_ms,
      ...(consentRemoved !== null && { consent_removed: consentRemoved }),
    });
    if (outcome.kind === 'failed') return void become(fail(owner!, outcome, timings, Date.now(), Math.random()));
    consentRemoved = null;
    becomeKnown(outcome.kind === 'refreshed' ? { kind: 'usable', life: outcome.life } : outcome);
  };
  const disconnect = async (): Promise<void> => {
    const revoked = await patient.disconnectAccount(account);
    becomeKnown({ kind: 'gone' });
    const cancelled_posts = await patient.cancelPosts(account);
    await byTheWay(schedules.removeAnalyticsSchedule(account));
    isDisconnecting = false;
    disconnected = { ...revoked, cancelled_posts };
    disconnects += 1;
  };
  const welcome = async (): Promise<void> => {
    isReconnected = false;
    const { known } = becomeKnown(await rows.readAccountLife(account));
    if (known.kind === 'usable') await byTheWay(schedules.ensureAnalyticsSchedule(account));
  };
  /** A webhook may be late by days, and a new consent stand since: a refresh tells. */
  const checkConsent = async (): Promise<void> => {
    isRemovalNews = false;
    if (owner!.known.kind === 'usable') await refresh(owner!.known.life.token_version);
  };

  become(newOwner(await rows.readAccountLife(account), input.carried?.failures_in_a_row ?? 0, timings, Date.now(), Math.random()));
  while (true) {
    if (isDisconnecting) await disconnect();
    else if (isReconnected) await welcome();
    else if (isRemovalNews) await checkConsent();
    else {
      const step = nextStep(owner!, timings, Date.now());
      if (step.kind === 'refresh') await refresh(step.version);
      else if (step.kind === 'show_expiring') becomeKnown(await rows.showExpiring({ ...account, version: step.version }));
      else {
        const isFull = workflowInfo().historyLength > timings.max_history || workflowInfo().continueAsNewSuggested;
        if (step.kind === 'sleep' && !isFull) await condition(() => hasNews() || isWanted(owner!), step.ms);
        else {
          // Whoever came meanwhile is not left behind.
          await condition(() => allHandlersFinished() || hasNews() || isWanted(owner!));
          if (hasNews() || isWanted(owner!)) continue;
          if (step.kind === 'end') return;
          await continueAsNew<typeof tiktokToken>({ ...input, carried: { failures_in_a_row: owner!.failures_in_a_row } });
        }
      }
    }
  }
}

/** The account's statistics can be set right later; its tokens can't wait for them. */
async function byTheWay(call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('the Schedule of the statistics could not be set', { error });
  }
}
