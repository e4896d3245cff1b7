import { formatDuration, parseDuration } from '@polar-gosling/kernel';

const units: readonly (readonly [RegExp, string])[] = [
  [/^(ms|msecs?|milli(second)?s?)$/i, 'ms'],
  [/^(s|secs?|seconds?)$/i, 's'],
  [/^(m|mins?|minutes?)$/i, 'm'],
  [/^(h|hrs?|hours?)$/i, 'h'],
  [/^(d|days?)$/i, 'd'],
  [/^(w|wks?|weeks?)$/i, 'w'],
];

/** `"10 mins"` → `"10m"`; `undefined` when nothing is near. */
export function repairDuration(text: string): string | undefined {
  const match = /^\s*(\d{1,9})\s*([a-z]+)\s*$/i.exec(text);
  const unit = units.find(([pattern]) => pattern.test(match?.[2] ?? ''))?.[1];
  return unit === undefined ? repairOrder(text) : `${match?.[1]}${unit}`;
}

/** `"30m1h"` → `"1h30m"`. */
function repairOrder(text: string): string | undefined {
  if (text.length > 100 || !/^(\d{1,9}(ms|[smhdw]))+$/.test(text)) return undefined;
  const parts = text.match(/\d+(ms|[smhdw])/g) ?? [];
  return formatDuration(parts.reduce((sum, part) => sum + (parseDuration(part) ?? 0), 0));
}
