import { appDeviceIsGone } from '../../../db/app-device.repository.ts';
import type { Db } from '../../../db/client.ts';
import { postponePush, settlePush, type ClaimedPush, type PushDevice } from '../../../db/push-queue.repository.ts';
import type { PushResult, PushService, PushTimings } from '../../../domain/contracts/push.ts';
import { pushNotNeeded, pushWords } from '../../../domain/social/notification.ts';
import { pushAgainMs } from '../../../domain/social/push-pace.ts';

/** What is counted of one notification for one device, or of a notification that goes to none. */
export type PushOutcome = PushResult['kind'] | 'not_needed' | 'given_up';

export interface PushOneDeps {
  db: Db;
  service: PushService;
  /** After each answer of the service. */
  onResult: (result: PushResult) => void;
  count: (outcome: PushOutcome) => void;
}

interface Sent {
  device: PushDevice;
  result: PushResult;
}

/**
 * Pushes one notification to those devices of its receiver that do not have it, and writes down what came of it. A worker that dies between the
 * two has it pushed again: at least once, and what arrives twice has the same id.
 * @throws what PostgreSQL throws; the lease then ends, and it is tried again
 */
export async function pushOne({ db, service, onResult, count }: PushOneDeps, claimed: ClaimedPush, timings: PushTimings): Promise<void> {
  const reason = pushNotNeeded({ ...claimed, devices: claimed.devices.length + claimed.pushed_to.length });
  if (reason !== null) {
    count('not_needed');
    return void (await settlePush(db, claimed.id, { state: claimed.pushed_to.length > 0 ? 'sent' : 'not_needed', reason, pushed_to: claimed.pushed_to }));
  }
  const leftMs = timings.give_up_after_ms - (Date.now() - claimed.created_at.getTime());
  if (leftMs <= 0) {
    count('given_up');
    return void (await settlePush(db, claimed.id, { state: claimed.pushed_to.length > 0 ? 'sent' : 'failed', reason: claimed.push_reason ?? 'it was too old', pushed_to: claimed.pushed_to }));
  }
  const ttl_s = Math.max(Math.floor(leftMs / 1_000), 60);
  const askedAt = new Date();
  const sent = await Promise.all(
    claimed.devices.map(async (device): Promise<Sent> => {
      const result = await service.send({ ...claimed, ...pushWords(claimed), device_token: device.device_token, platform: device.platform, notification_id: claimed.id, ttl_s });
      onResult(result);
      count(result.kind);
      return { device, result };
    }),
  );
  for (const { device, result } of sent) if (result.kind === 'gone') await appDeviceIsGone(db, device, askedAt);
  const pushed_to = [...claimed.pushed_to, ...sent.filter(({ result }) => result.kind === 'sent').map(({ device }) => device.id)];
  const later = sent.flatMap(({ result }) => (result.kind === 'later' ? [result] : []));
  if (later.length === 0) return void (await settlePush(db, claimed.id, { ...verdict(sent, pushed_to), pushed_to }));
  const in_ms = Math.max(...later.map(({ retry_after_ms }) => pushAgainMs(claimed.push_attempts, retry_after_ms, timings, Math.random())));
  await postponePush(db, claimed.id, { in_ms, reason: later[0]!.reason, pushed_to });
}

/** One device that has it is enough; where none has it, a refusal says more than a device that is gone. */
function verdict(sent: readonly Sent[], pushed_to: readonly string[]): { state: 'sent' | 'not_needed' | 'failed'; reason: string | null } {
  const reasonOf = (kind: 'refused' | 'gone'): string | null => sent.flatMap(({ result }) => (result.kind === kind ? [result.reason] : []))[0] ?? null;
  const refusal = reasonOf('refused');
  if (pushed_to.length > 0) return { state: 'sent', reason: refusal };
  return refusal === null ? { state: 'not_needed', reason: reasonOf('gone') } : { state: 'failed', reason: refusal };
}
