const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** How long before `shownAt` it was, in its biggest unit: `3 min`. */
export function elapsed(since: string, shownAt: string): string {
  const seconds = Math.max(0, Math.round((Date.parse(shownAt) - Date.parse(since)) / 1_000));
  const [name, size] = units.find(([, unit]) => seconds >= unit) ?? ['s', 1];
  return `${Math.floor(seconds / size)} ${name}`;
}
