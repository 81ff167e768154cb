import { proxyActivities, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { AnalyticsActivities } from '../activities/analytics/analytics.activities.ts';
import type { AnalyticsReport, SampleOutcome } from '../domain/contracts/analytics.ts';
import type { SyncAnalyticsInput } from '../domain/contracts/social-account.ts';

/** What could not be had within these minutes is left to the next round: the rows carry the time at which this one began. */
const { sampleAccount, sampleVideos, removeAnalyticsSchedule } = proxyActivities<AnalyticsActivities>({
  startToCloseTimeout: '8 minutes',
  scheduleToCloseTimeout: '12 minutes',
  heartbeatTimeout: '30 seconds',
  retry: { initialInterval: '5 seconds', maximumInterval: '1 minute', maximumAttempts: 6 },
});

/**
 * One round of an account's statistics, run by its Schedule: a few events, and it ends. Neither half keeps the other from
 * being tried.
 * @throws the ActivityFailure of a half that TikTok did not answer, for the Temporal UI; the next round starts afresh
 */
export async function syncAnalytics(input: SyncAnalyticsInput): Promise<AnalyticsReport> {
  upsertSearchAttributes({ WorkspaceId: [input.workspace_id], SocialAccountId: [input.social_account_id] });
  const round = { ...input, sampled_at_ms: Date.now() };
  const [account, videos] = await Promise.allSettled([sampleAccount(round), sampleVideos(round)]);
  if (account.status === 'rejected') throw account.reason;
  if (videos.status === 'rejected') throw videos.reason;
  const report = { account: account.value, videos: videos.value };
  setCurrentDetails(`Account: ${inWords(report.account)} Videos: ${inWords(report.videos)}`);
  if (report.videos.kind === 'account_gone') await removeAnalyticsSchedule(input);
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
