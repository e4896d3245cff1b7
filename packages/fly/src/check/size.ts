const unitBytes: ReadonlyMap<string, number> = new Map([
  ['B', 1],
  ['KB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['TB', 1e12],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
  ['TiB', 1024 ** 4],
]);

/** `"4GiB"` → bytes; `undefined` when it is no size. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,9})?)(B|[KMGT]i?B)$/.exec(text);
  const bytes = unitBytes.get(match?.[2] ?? '');
  return bytes === undefined ? undefined : Number(match?.[1]) * bytes;
}

/** Bytes of one unit. */
export function bytesOf(unit: 'MiB' | 'GiB'): number {
  return unit === 'MiB' ? 1024 ** 2 : 1024 ** 3;
}

/** `"4 gb"`, `"4G"`, `"4 gigs"` → `"4GiB"`-like text that is a size; `undefined` when nothing is near. */
export function repairSize(text: string): string | undefined {
  const match = /^\s*(\d{1,15}(?:\.\d{1,9})?)\s*([kmgt])(i?)(b?)[a-z]*\s*$/i.exec(text);
  if (match === null) return undefined;
  const isDecimal = match[4] !== '' && match[3] === '';
  return `${match[1]}${match[2]?.toUpperCase()}${isDecimal ? '' : 'i'}B`;
}
