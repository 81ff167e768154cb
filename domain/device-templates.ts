import type { DeviceCommand } from './contracts/device.ts';
import type { Json } from './contracts/rule.ts';

const PLACEHOLDER = /\{\{\s*([A-Za-z_][\w.-]*)\s*(?:\|\s*(lower|upper|json|url)\s*)?\}\}/g;
const WHOLE = /^\{\{\s*([A-Za-z_][\w.-]*)\s*\}\}$/;

const FILTERS: Record<string, (value: Json) => string> = {
  lower: (value) => asText(value).toLowerCase(),
  upper: (value) => asText(value).toUpperCase(),
  json: (value) => JSON.stringify(value),
  url: (value) => encodeURIComponent(asText(value)),
};

/** Fills {{command}}, {{params.name}} or {{name}} into a text; what is not there becomes the empty text. */
export function fillText(template: string, command: DeviceCommand): string {
  return template.replace(PLACEHOLDER, (_, path: string, filter: string | undefined) => {
    const value = lookUp(path, command);
    if (value === undefined) return '';
    return filter ? (FILTERS[filter] ?? asText)(value) : asText(value);
  });
}

/** The same for a URL: every value is encoded, so that it can't leave its place. */
export function fillUrl(template: string, command: DeviceCommand): string {
  return template.replace(PLACEHOLDER, (_, path: string, filter: string | undefined) => {
    const value = lookUp(path, command);
    if (value === undefined) return '';
    return encodeURIComponent(filter && filter !== 'url' ? (FILTERS[filter] ?? asText)(value) : asText(value));
  });
}

/** Fills every string of a JSON value; a string that is one placeholder keeps the type of its value (null where absent). */
export function fillJson(template: Json, command: DeviceCommand): Json {
  if (typeof template === 'string') {
    const whole = WHOLE.exec(template)?.[1];
    return whole === undefined ? fillText(template, command) : (lookUp(whole, command) ?? null);
  }
  if (Array.isArray(template)) return template.map((item) => fillJson(item, command));
  if (template === null || typeof template !== 'object') return template;
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, fillJson(value, command)]));
}

function lookUp(path: string, { command, params = {} }: DeviceCommand): Json | undefined {
  if (path === 'command') return command;
  if (path === 'params') return params;
  const names = path.split('.');
  if (names[0] === 'params') names.shift();
  let value: Json | undefined = params;
  for (const name of names) {
    if (value === null || typeof value !== 'object' || Array.isArray(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

const asText = (value: Json): string => (typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value));
