import { proxyActivities, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { AnalyticsActivities } from '../activities/analytics/analytics.activities.ts';
import { DEFAULT_ANALYTICS_TIMINGS, type AnalyticsReport, type AnalyticsRound, type SampleOutcome } from '../domain/contracts/analytics.ts';

/**
 * One round of an account's statistics, run by its Schedule: a few events, and it ends. Neither half keeps the other from
 * being tried.
 * @throws the ActivityFailure of a half that TikTok did not answer, for the Temporal UI; the next round starts afresh
 */
export async function syncAnalytics({ timings, ...account }: AnalyticsRound): Promise<AnalyticsReport> {
  const { retry_initial_ms, retry_max_ms } = { ...DEFAULT_ANALYTICS_TIMINGS, ...timings };
  // What could not be had within these minutes is left to the next round: the rows carry the time at which this one began.
  const { sampleAccount, sampleVideos, removeAnalyticsSchedule } = proxyActivities<AnalyticsActivities>({
    startToCloseTimeout: '8 minutes',
    scheduleToCloseTimeout: '12 minutes',
    heartbeatTimeout: '10 seconds',
    retry: { initialInterval: retry_initial_ms, backoffCoefficient: 2, maximumInterval: retry_max_ms, maximumAttempts: 6 },
  });
  upsertSearchAttributes({ WorkspaceId: [account.workspace_id], SocialAccountId: [account.social_account_id] });
  const round = { ...account, sampled_at_ms: Date.now() };
  const [ofAccount, ofVideos] = await Promise.allSettled([sampleAccount(round), sampleVideos(round)]);
  if (ofAccount.status === 'rejected') throw ofAccount.reason;
  if (ofVideos.status === 'rejected') throw ofVideos.reason;
  const report = { account: ofAccount.value, videos: ofVideos.value };
  setCurrentDetails(`Account: ${inWords(report.account)} Videos: ${inWords(report.videos)}`);
  if (report.videos.kind === 'account_gone') await removeAnalyticsSchedule(account);
  return report;
}

function inWords(outcome: SampleOutcome): string {
  switch (outcome.kind) {
    case 'sampled':
      return `${outcome.rows} rows written, ${outcome.gone} gone.`;
    case 'skipped':
      return outcome.reason;
    case 'account_gone':
      return 'the account is gone.';
  }
}
