import { el } from '/pages/shared/dom.js';

const OWN_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC';

/** Fills a select with the time zones that this browser knows; this computer's own is chosen. */
export function fillTimeZones(select, chosen = OWN_ZONE) {
  const zones = new Set(['UTC', ...Intl.supportedValuesOf('timeZone'), OWN_ZONE, chosen]);
  select.replaceChildren(...[...zones].sort().map((zone) => el('option', { value: zone, selected: zone === chosen }, zone)));
}

/** A moment as an input of type datetime-local shows it, in the given zone. */
export function localTime(iso, timeZone = OWN_ZONE) {
  const parts = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short', timeZone }).format(new Date(iso));
  return parts.replace(' ', 'T');
}

/** What the API takes as publish_at and time_zone: the time on the wall of that zone; the server knows the zone's rules. */
export const wallTime = (value, timeZone) => ({ publish_at: value.length === 16 ? `${value}:00` : value, time_zone: timeZone });
