import { createSystemClock, isCoded, silentLogger } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import type { Write } from '@polar-gosling/ports/store';
import { createSqliteStore } from './index.ts';

// A writer whose files may not grow beyond what full-disk.test.ts allows. Says what became of each unit and goes on.

const [path = ''] = process.argv.slice(2);
const pauseMs = 300;
const clock = createSystemClock();
const { signal } = new AbortController();
const plain = { seal: (bytes: Uint8Array) => bytes, open: (bytes: Uint8Array) => bytes };
const store = await createSqliteStore({
  path,
  clock,
  sealer: plain,
  blobs: createMemoryBlobs(),
  logger: silentLogger,
});

const put = (name: string): Write => ({
  kind: 'put',
  table: 'switches',
  row: { name, on: true, why: 'x'.repeat(20_000) },
  when: { kind: 'absent' },
});

async function write(id: string): Promise<string> {
  try {
    await store.commit([put(`${id}-left`), put(`${id}-right`)], { signal });
    return `ok ${id}`;
  } catch (error) {
    return `failed ${isCoded(error) ? error.code : 'UNKNOWN'}`;
  }
}

for (let number = 0; ; number++) {
  const answer = await write(String(number));
  process.stdout.write(`${answer}\n`);
  if (answer.startsWith('failed')) await clock.sleep(pauseMs, signal);
}
