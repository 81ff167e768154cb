import { allHandlersFinished, condition, continueAsNew, setCurrentDetails, setHandler, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { ShopTokenInput } from '../domain/contracts/channel.ts';
import { DEFAULT_TOKEN_TIMINGS, type AccountLife, type SocialAccountState, type TokenTimings } from '../domain/contracts/social-account.ts';
import { answerTo, describeOwner, fail, isWanted, learn, newOwner, nextStep, stateOf, type TokenOwner } from '../domain/publishing/token-owner.ts';
import { byTheWay, shopBesideActivities, shopPatientActivities, shopQuestionActivities, shopRowActivities } from './shop-account-activities.ts';
import { deauthorizedSignal, disconnectUpdate, expiringSignal, reconnectedSignal, refreshUpdate, tokenQuery } from './shop-token.messages.ts';

/**
 * Owns the tokens of one seller's authorization: refreshes them ahead of their end, for all who ask by one refresh at a time, pauses the
 * seller's channels where the authorization has ended, and ends with it. It knows when tokens end, and never the tokens.
 */
export async function shopToken(input: ShopTokenInput): Promise<void> {
  const timings: TokenTimings = { ...DEFAULT_TOKEN_TIMINGS, ...input.timings };
  const key = { authorization_id: input.authorization_id, workspace_id: input.workspace_id };
  const rows = shopRowActivities();
  const patient = shopPatientActivities();
  const questions = shopQuestionActivities();
  const beside = shopBesideActivities();

  let owner: TokenOwner | null = null;
  let isReconnected = false;
  /** That the authorization, or one shop's part of it, has ended; until TikTok itself says otherwise. */
  let suspicion: string | null = input.carried?.suspicion ?? null;
  /** Not checked before, epoch milliseconds: each check costs a refresh. */
  let check_not_before_ms = 0;
  let expiring: { expires_at_ms: number | null } | null = null;
  const leaving: string[] = [];
  const left = new Set<string>();
  /** One after the other, and never in the way of tokens, which some of them wait for. */
  let besides = Promise.resolve();
  let besidesLeft = 0;
  const hasNews = (): boolean => leaving.length > 0 || isReconnected || expiring !== null || isCheckDue();
  const isCheckDue = (): boolean => suspicion !== null && Date.now() >= check_not_before_ms;

  setHandler(tokenQuery, () => ({
    life: owner?.known.kind === 'usable' ? owner.known.life : null,
    next_refresh_at_ms: owner?.known.kind === 'usable' ? owner.next_at_ms : null,
    failures_in_a_row: owner?.failures_in_a_row ?? 0,
  }));
  setHandler(reconnectedSignal, () => {
    isReconnected = true;
  });
  setHandler(deauthorizedSignal, ({ reason }) => {
    suspicion = reason;
  });
  setHandler(expiringSignal, (told) => {
    expiring = told;
  });
  setHandler(refreshUpdate, async ({ seen_version }) => {
    await condition(() => owner !== null);
    const answer = () => answerTo(owner!, seen_version, Date.now());
    if (answer() === null) owner = { ...owner!, wanted_version: Math.max(owner!.wanted_version, seen_version) };
    await condition(() => answer() !== null);
    return answer()!;
  });
  setHandler(disconnectUpdate, async ({ channel_id }) => {
    left.delete(channel_id);
    leaving.push(channel_id);
    await condition(() => left.has(channel_id));
  });

  let shown: SocialAccountState | null = null;
  const become = (next: TokenOwner): TokenOwner => {
    const state = stateOf(next);
    setCurrentDetails(`**${state}**: ${describeOwner(next)}`);
    if (state !== shown) upsertSearchAttributes({ WorkspaceId: [key.workspace_id], SocialAccountState: [state] });
    shown = state;
    return (owner = next);
  };
  /** `owner` may have changed while an activity ran: somebody asks. */
  const becomeKnown = (known: AccountLife): TokenOwner => become(learn(owner!, known, timings, Math.random()));

  const runBeside = (run: () => Promise<unknown>, what: string): void => {
    besidesLeft += 1;
    besides = besides.then(() => byTheWay(run, what)).finally(() => void (besidesLeft -= 1));
  };
  const refresh = async (version: number): Promise<void> => {
    const outcome = await patient.refreshShopToken({ ...key, seen_version: version, expiring_before_ms: timings.expiring_before_ms, suspicion });
    if (outcome.kind === 'failed') return void become(fail(owner!, outcome, timings, Date.now(), Math.random()));
    becomeKnown(outcome.kind === 'refreshed' ? { kind: 'usable', life: outcome.life } : outcome);
    if (outcome.kind === 'reconnect_needed') runBeside(() => beside.pauseSyncs(key), 'pausing the Schedules of paused channels');
  };
  /** A webhook may be late by days, and a new consent stand since: a refresh tells, and then TikTok's list of shops. */
  const check = async (): Promise<void> => {
    const why = suspicion!;
    if (owner!.known.kind === 'usable') await refresh(owner!.known.life.token_version);
    if (owner!.known.kind !== 'usable') return void (suspicion = null);
    check_not_before_ms = Date.now() + timings.retry_max_ms;
    if (owner!.failure !== null) return void (check_not_before_ms = owner!.next_at_ms);
    await byTheWay(async () => {
      const { paused } = await questions.checkShops({ ...key, suspicion: why });
      if (suspicion === why) suspicion = null;
      if (paused > 0) runBeside(() => beside.pauseSyncs(key), 'pausing the Schedules of paused channels');
    }, 'looking which shops are authorized');
  };
  const disconnect = async (): Promise<void> => {
    const channel_id = leaving[0]!;
    becomeKnown(await rows.disconnectChannel({ ...key, channel_id }));
    runBeside(() => beside.removeSync({ channel_id, workspace_id: key.workspace_id }), 'removing the Schedule of a channel');
    leaving.shift();
    left.add(channel_id);
  };
  const welcome = async (): Promise<void> => {
    isReconnected = false;
    const { known } = becomeKnown(await rows.readAuthorizationLife(key));
    if (known.kind !== 'usable') return;
    runBeside(() => beside.runSyncs(key), 'setting the Schedules of connected channels');
    runBeside(() => beside.subscribeWebhooks(key), 'subscribing the webhooks of connected channels');
  };
  const showExpiring = async (): Promise<void> => {
    const told = expiring!;
    expiring = null;
    if (owner!.known.kind === 'usable') becomeKnown(await rows.showShopExpiring({ ...key, version: owner!.known.life.token_version, ...told }));
  };

  become(newOwner(await rows.readAuthorizationLife(key), input.carried?.failures_in_a_row ?? 0, timings, Date.now(), Math.random()));
  while (true) {
    if (leaving.length > 0) await disconnect();
    else if (isReconnected) await welcome();
    else if (expiring !== null) await showExpiring();
    else if (isCheckDue()) await check();
    else {
      const step = nextStep(owner!, timings, Date.now());
      if (step.kind === 'refresh') await refresh(step.version);
      else if (step.kind === 'show_expiring') becomeKnown(await rows.showShopExpiring({ ...key, version: step.version, expires_at_ms: null }));
      else {
        const isFull = workflowInfo().historyLength > timings.max_history || workflowInfo().continueAsNewSuggested;
        if (step.kind === 'sleep' && !isFull) {
          const untilCheck = suspicion === null ? Infinity : Math.max(1, check_not_before_ms - Date.now());
          await condition(() => hasNews() || isWanted(owner!), Math.min(step.ms, untilCheck));
        } else {
          // Whoever came meanwhile is not left behind.
          await condition(() => (allHandlersFinished() && besidesLeft === 0) || hasNews() || isWanted(owner!));
          if (hasNews() || isWanted(owner!)) continue;
          if (step.kind === 'end') return;
          await continueAsNew<typeof shopToken>({ ...input, carried: { failures_in_a_row: owner!.failures_in_a_row, suspicion } });
        }
      }
    }
  }
}
