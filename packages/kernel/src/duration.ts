const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const order = ['w', 'd', 'h', 'm', 's', 'ms'];

/** `"1h30m"` → 5_400_000 ms; units w d h m s ms, descending, each once. `undefined` when it is no duration. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d{1,9}(ms|[smhdw]))+$/.test(text)) return undefined;
  let total = 0;
  let last = -1;
  for (const [, digits, unit] of text.matchAll(/(\d+)(ms|[smhdw])/g)) {
    const place = order.indexOf(unit ?? '');
    if (place <= last) return undefined;
    last = place;
    total += Number(digits) * (unitMs[unit ?? ''] ?? 0);
  }
  return total;
}

/** 5_400_000 → `"1h30m"`: the canonical form, which `parseDuration` reads back. */
export function formatDuration(durationMs: number): string {
  let rest = Math.round(durationMs);
  if (rest <= 0) return '0s';
  let text = '';
  for (const unit of order) {
    const size = unitMs[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}
