import { Context } from '@temporalio/activity';
import type { DeviceClient } from '../../devices/device-client.ts';
import type { AttemptResult } from '../../domain/contracts/action.ts';
import type { SendDeviceCommandInput } from '../../domain/contracts/device.ts';
import { ERRORS } from '../../domain/errors.ts';
import type { DeviceLookup } from './device-lookup.ts';

export interface SendCommandDeps {
  lookup: DeviceLookup;
  devices: DeviceClient;
}

export function createSendCommand({ lookup, devices }: SendCommandDeps) {
  return {
    /** One attempt at a command that a person gave. */
    async sendCommand({
      workspace_id,
      device_id,
      command,
      params,
      idempotency_key,
    }: SendDeviceCommandInput & { idempotency_key: string }): Promise<AttemptResult> {
      const device = await lookup.find(workspace_id, device_id);
      if (!device) return { outcome: 'failed', code: 'device_not_found', error: ERRORS.device_not_found.message };
      return devices.send(device, { command, ...(params ? { params } : {}) }, idempotency_key, Context.current().cancellationSignal);
    },
  };
}
