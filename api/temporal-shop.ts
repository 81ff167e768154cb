import { Client, ScheduleNotFoundError, ScheduleOverlapPolicy, WithStartWorkflowOperation, WorkflowFailedError, WorkflowNotFoundError, type Connection } from '@temporalio/client';
import type { AuthorizationKey, ChannelKey, ConnectShopsInput, ConnectShopsOutcome, ReadShopInput } from '../domain/contracts/channel.ts';
import type { FetchLabelInput, LabelOutcome } from '../domain/contracts/shop-shipping.ts';
import type { JobInput, JobKind } from '../domain/contracts/shop-job.ts';
import type { OrderKey, ShipAnswer, ShipInput } from '../domain/contracts/shop-order.ts';
import {
  connectShopsWorkflowId,
  fetchLabelWorkflowId,
  fulfilOrderWorkflowId,
  jobWorkflowId,
  shopReadWorkflowId,
  shopSyncWorkflowId,
  shopTokenWorkflowId,
  shopWebhooksWorkflowId,
  taskQueue,
} from '../domain/names.ts';
import { shipUpdate } from '../workflows/fulfil-order.messages.ts';
import { disconnectUpdate } from '../workflows/shop-token.messages.ts';
import { wakeSignal } from '../workflows/wake.messages.ts';
import type { PublishingGatewayOptions } from './temporal-publishing.ts';

/** What the API asks of the role `shop`. Every call ends within a minute, or rejects with ApiError unavailable. */
export interface ShopGateway {
  /** Exchanges the code that waits in the state's row, and stores authorization and channels. */
  connectShops(input: ConnectShopsInput): Promise<ConnectShopsOutcome>;
  disconnectChannel(authorization: AuthorizationKey, channelId: string): Promise<void>;
  /** Asks TikTok what the row of shop_reads says; the answer is in that row when this resolves. */
  readShop(input: ReadShopInput): Promise<void>;
  /** Has stored webhooks of this shop processed. */
  processWebhooks(shopId: string): Promise<void>;
  /** Starts the job's workflow; nothing happens where it runs. */
  startJob(kind: JobKind, input: JobInput): Promise<void>;
  /** Waits for the job's workflow. @returns whether it has ended within so many milliseconds */
  awaitJob(jobId: string, ms: number): Promise<boolean>;
  /** Runs the channel's sync now; once more after a run that is under way. */
  triggerSync(channel: ChannelKey): Promise<void>;
  /** Carries out the row of shop_shipments by the order's workflow. */
  ship(order: OrderKey, input: ShipInput): Promise<ShipAnswer>;
  /** Brings a package's document into storage; shop_labels says where it lies. */
  fetchLabel(input: FetchLabelInput): Promise<LabelOutcome>;
}

const WORKFLOW_OF_JOB: Readonly<Record<JobKind, string>> = {
  product_sync: 'syncProducts',
  order_backfill: 'backfillOrders',
  inventory_update: 'updateInventory',
  product_update: 'updateProducts',
};
const REACHABLE_MS = 2_000;

export function createShopGateway({ connection, namespace, taskQueuePrefix, within, deadlineMs, patientMs }: Omit<PublishingGatewayOptions, 'connection'> & { connection: Connection }): ShopGateway {
  const { workflow, schedule } = new Client({ connection, namespace });
  const queue = taskQueue('shop', taskQueuePrefix);
  /** A Temporal that is away is noticed at once, and not by the patience that a call to TikTok needs. */
  const patiently = async <T>(call: () => Promise<T>): Promise<T> => {
    await within(REACHABLE_MS, () => connection.workflowService.getSystemInfo({}));
    return within(patientMs, call);
  };
  const options = (workflowId: string, input: object, staticSummary: string) => ({ taskQueue: queue, workflowId, workflowIdConflictPolicy: 'USE_EXISTING' as const, args: [input], staticSummary });
  const run = <T>(workflowType: string, workflowId: string, input: object, summary: string): Promise<T> =>
    patiently(() => workflow.execute(workflowType, { ...options(workflowId, input, summary), workflowExecutionTimeout: patientMs })) as Promise<T>;

  return {
    connectShops: (input) => run('connectShops', connectShopsWorkflowId(input.oauth_state_id), input, 'Connects shops'),
    async disconnectChannel(authorization, channelId) {
      const id = shopTokenWorkflowId(authorization.authorization_id);
      const startWorkflowOperation = new WithStartWorkflowOperation('shopToken', options(id, authorization, `Tokens of authorization ${authorization.authorization_id}`));
      await patiently(() => workflow.executeUpdateWithStart(disconnectUpdate, { startWorkflowOperation, args: [{ channel_id: channelId }] }));
    },
    readShop: (input) => run('readShop', shopReadWorkflowId(input.read_id), input, 'Asks TikTok Shop for a person who waits'),
    async processWebhooks(shopId) {
      await within(deadlineMs, () =>
        workflow.signalWithStart('processShopWebhook', {
          taskQueue: queue,
          workflowId: shopWebhooksWorkflowId(shopId),
          args: [{ shop_id: shopId }],
          signal: wakeSignal,
          signalArgs: [],
          staticSummary: `Webhooks of shop ${shopId}`,
        }),
      );
    },
    async startJob(kind, input) {
      await within(deadlineMs, () => workflow.start(WORKFLOW_OF_JOB[kind], options(jobWorkflowId(input.job_id), input, `Job ${kind}`)));
    },
    async awaitJob(jobId, ms) {
      try {
        await connection.withDeadline(Date.now() + ms, () => workflow.getHandle(jobWorkflowId(jobId)).result());
        return true;
      } catch (error) {
        if (error instanceof WorkflowFailedError) return true;
        if (error instanceof WorkflowNotFoundError) throw error;
        return false;
      }
    },
    fetchLabel: (input) => run('fetchLabel', fetchLabelWorkflowId(input), input, `Label of package ${input.package_id}`),
    async triggerSync(channel) {
      const id = shopSyncWorkflowId(channel.channel_id);
      await within(deadlineMs, async () => {
        try {
          await schedule.getHandle(id).trigger(ScheduleOverlapPolicy.BUFFER_ONE);
        } catch (error) {
          if (!(error instanceof ScheduleNotFoundError)) throw error;
          // The next start of a worker makes the Schedule; the person who waits need not.
          await workflow.start('shopSync', { ...options(id, channel, `Sync of channel ${channel.channel_id}`), workflowExecutionTimeout: '30 minutes' });
        }
      });
    },
    ship(order, input) {
      const startWorkflowOperation = new WithStartWorkflowOperation('fulfilOrder', options(fulfilOrderWorkflowId(order.channel_id, order.order_id), order, `Order ${order.order_id}`));
      return patiently(() => workflow.executeUpdateWithStart(shipUpdate, { startWorkflowOperation, args: [input] }));
    },
  };
}
