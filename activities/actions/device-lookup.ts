import type { Db } from '../../db/client.ts';
import { findDeviceById } from '../../db/device-delivery.repository.ts';
import type { SecretBox } from '../../db/secret-box.ts';
import type { DeviceTarget } from '../../domain/contracts/device.ts';
import { mapDeviceSecrets } from '../../domain/devices.ts';
import { createRecentCache } from './recent-cache.ts';

export interface DeviceLookup {
  /** Its secrets in the clear; null where it is gone or another workspace's. At most a second old. */
  find(workspaceId: string, deviceId: string): Promise<DeviceTarget | null>;
}

const FRESH_MS = 1_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function createDeviceLookup(db: Db, secrets: Pick<SecretBox, 'open'>): DeviceLookup {
  const cache = createRecentCache(async (id) => {
    const stored = await findDeviceById(db, id);
    return stored && (mapDeviceSecrets(stored, (sealed) => secrets.open(sealed)) as DeviceTarget);
  }, FRESH_MS);
  return {
    async find(workspaceId, deviceId) {
      // A template may have rendered anything: PostgreSQL takes only a UUID.
      if (!UUID.test(deviceId)) return null;
      const device = await cache.get(deviceId);
      return device?.workspace_id === workspaceId ? device : null;
    },
  };
}
