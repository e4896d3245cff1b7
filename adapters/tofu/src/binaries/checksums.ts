/**
 * The SHA-256 of one file in a `SHA256SUMS` (`hex  name`, one a line; `hex *name` too). The name must be equal: a part
 * of it would let `tofu_1.1_linux.tar.gz` stand for `x_tofu_1.1_linux.tar.gz`. `undefined`: not named, or named twice
 * with different sums.
 */
export function checksumOf(sums: string, fileName: string): string | undefined {
  const found = new Set<string>();
  for (const line of sums.split(/\r?\n/)) {
    const match = /^([0-9a-fA-F]{64}) [ *](.+)$/.exec(line);
    if (match?.[2] === fileName) found.add((match[1] ?? '').toLowerCase());
  }
  return found.size === 1 ? [...found][0] : undefined;
}
