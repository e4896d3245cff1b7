/** Digits and dots, with a tag of letters, digits, dots and hyphens: safe in a path and in an address. */
export function isVersion(text: string): boolean {
  return text.length <= 64 && /^\d{1,6}\.\d{1,6}\.\d{1,6}(?:-[0-9A-Za-z][0-9A-Za-z.-]*)?$/.test(text);
}

/** Orders `1.9.0 < 1.12.0-rc1 < 1.12.0`. */
export function compareVersions(a: string, b: string): number {
  const [coreA = '', tagA = '~'] = a.split(/-(.*)/s);
  const [coreB = '', tagB = '~'] = b.split(/-(.*)/s);
  const numbersB = coreB.split('.').map(Number);
  for (const [place, number] of coreA.split('.').map(Number).entries()) {
    const difference = number - (numbersB[place] ?? 0);
    if (difference !== 0) return difference;
  }
  if (tagA === tagB) return 0;
  return tagA < tagB ? -1 : 1;
}
