/** The first `1.2` or `1.2.3` of a text, as numbers. */
export function readVersion(text: string | undefined): readonly number[] | undefined {
  const found = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text ?? '');
  return found === null ? undefined : found.slice(1).map((part) => Number(part ?? 0));
}

export function isAtLeast(version: readonly number[], least: readonly number[]): boolean {
  const differs = least.findIndex((part, index) => part !== (version[index] ?? 0));
  return differs === -1 || (version[differs] ?? 0) > (least[differs] ?? 0);
}

export function showVersion(version: readonly number[] | undefined): string {
  return version?.join('.') ?? 'unknown';
}
