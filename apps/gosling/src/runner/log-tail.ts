import { open, truncate } from 'node:fs/promises';

const biggestFile = 8 * 1024 * 1024;
const biggestRead = 1024 * 1024;
const longestLine = 16_384;

/**
 * Hands on the lines that a program has added to its log file since the last look. A file rather than a pipe: a
 * pipe whose reader dies takes `gitlab-runner` with it before it has told GitLab of its jobs.
 */
export interface LogTail {
  read(): Promise<void>;
}

export function createLogTail(file: string, onLine: (line: string) => void): LogTail {
  let offset = 0;
  let rest = '';
  return {
    async read() {
      const added = await readFrom(file, offset);
      if (added === undefined) return;
      const lines = (rest + added.toString('utf8')).split('\n');
      rest = (lines.pop() ?? '').slice(0, longestLine);
      for (const line of lines) onLine(line.slice(0, longestLine));
      offset += added.length;
      if (offset < biggestFile) return;
      // Its writer appends: what it writes next stands at the beginning.
      await truncate(file, 0);
      offset = 0;
    },
  };
}

async function readFrom(file: string, offset: number): Promise<Buffer | undefined> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return undefined; // nothing written yet
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(biggestRead), 0, biggestRead, offset);
    return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
