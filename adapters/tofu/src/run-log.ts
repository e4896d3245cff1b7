/** The log of one run: lines of JSON, masked, bounded. */
export interface RunLog {
  add(line: string, isError: boolean): void;
  bytes(): Uint8Array;
}

/** After `capBytes` only errors are kept, and as much of them again. */
export function createRunLog(capBytes: number, mask: (text: string) => string): RunLog {
  const lines: string[] = [];
  let size = 0;
  let isCut = false;
  return {
    add(line, isError) {
      const masked = mask(line);
      const bytes = Buffer.byteLength(masked) + 1;
      if (size + bytes > (isError ? 2 * capBytes : capBytes)) {
        if (!isCut) lines.push(JSON.stringify({ type: 'log', '@message': 'the log is cut here' }));
        isCut = true;
        return;
      }
      lines.push(masked);
      size += bytes;
    },
    bytes: () => Buffer.from(lines.map((line) => `${line}\n`).join('')),
  };
}
