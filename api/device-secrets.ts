import type { DeviceConfig, HttpDeviceConfig } from '../domain/contracts/device.ts';
import { mapDeviceSecrets } from '../domain/devices.ts';
import type { SecretBox } from '../db/secret-box.ts';
import type { FieldFault } from './errors.ts';
import { validationError } from './validation.ts';

/** What a secret is shown as; sent back, it means "as it was". */
export const SECRET_MASK = '***';

/**
 * The config as it is stored: secrets sealed, masked ones taken from what was there before.
 * @param before with sealed secrets; null for a new device
 * @throws ApiError validation_failed where a mask has nothing behind it, or the secret would go to another host than it was meant for
 */
export function sealSecrets(device: DeviceConfig, before: DeviceConfig | null, secrets: SecretBox): DeviceConfig {
  if (device.kind !== 'http') return device;
  const old = before?.kind === 'http' ? before.config : null;
  const faults = maskFaults(device.config, old);
  if (faults.length > 0) throw validationError(faults);
  const headers = Object.fromEntries(
    Object.entries(device.config.headers).map(([name, value]) => [
      name,
      value === SECRET_MASK ? secrets.open(old?.headers[name] ?? '') : value,
    ]),
  );
  return mapDeviceSecrets({ ...device, config: { ...device.config, headers } }, (secret) => secrets.seal(secret));
}

function maskFaults(config: HttpDeviceConfig, old: HttpDeviceConfig | null): FieldFault[] {
  const masked = Object.keys(config.headers).filter((name) => config.headers[name] === SECRET_MASK);
  const sameHost = old !== null && hostOf(old.url) === hostOf(config.url);
  return masked
    .filter((name) => !sameHost || old.headers[name] === undefined)
    .map((name) => ({
      field: `config.headers.${name}`,
      message:
        old?.headers[name] === undefined
          ? `${SECRET_MASK} stands for a value that is stored, and there is none`
          : 'must be entered again, because the URL leads to another host',
    }));
}

/** Templates are not allowed before the path, so this part is plain. */
const hostOf = (url: string): string => /^[a-z]+:\/\/[^/?#]*/i.exec(url)?.[0].toLowerCase() ?? '';
