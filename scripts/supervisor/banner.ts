import type { Running } from './running.ts';

export interface BannerOptions {
  running: Omit<Running, 'pid' | 'processes'>;
  dataDir: string;
  privateWebhooks: boolean;
}

/** What a person sees when everything is up. */
export function banner({ running, dataDir, privateWebhooks }: BannerOptions): string {
  const rows: [string, string][] = [
    ['API', running.api_url],
    ['API docs', running.docs_url],
    ['TikTok page', `${running.api_url}/crm/social/tiktok`],
    ['Shops', `${running.api_url}/auth/connect-url connects one (docs/tiktok-shop.md)`],
    ['Temporal UI', running.temporal_ui_url ?? 'not known (TEMPORAL_UI_URL)'],
    ['MQTT', withoutPassword(running.mqtt_url)],
    ['TikTok', running.sandbox_url ? `sandbox, ${running.sandbox_url} (no request leaves this machine)` : 'the real one'],
    ['Data', `${dataDir} (logs in ${dataDir}/logs)`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  const notes = privateWebhooks ? ['Webhooks may go to private addresses (ALLOW_PRIVATE_WEBHOOKS=1), since this is the sandbox.'] : [];
  const next = running.sandbox_url ? 'Next: npm run demo (LIVE), npm run demo:publish or npm run demo:shop, in another terminal.' : 'Next: POST /api/auth/register, as the API docs show.';
  return ['', 'Showrunner is up.', '', ...rows.map(([name, value]) => `  ${name.padEnd(width)}${value}`), '', ...notes, `${next} Ctrl-C stops everything.`, ''].join('\n');
}

function withoutPassword(url: string): string {
  const parsed = new URL(url);
  if (parsed.password !== '') parsed.password = '***';
  return parsed.href;
}
