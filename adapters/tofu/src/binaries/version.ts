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
