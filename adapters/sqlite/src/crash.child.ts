import { createSystemClock, silentLogger } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import type { Write } from '@polar-gosling/ports/store';
import { createSqliteStore } from './index.ts';

// A writer that is killed by crash.test.ts: 8 chains of units, each saying on stdout what was acknowledged to it.
// A unit writes two rows with one number; the next of the chain starts after the acknowledgement.

const [path = '', firstNumber = '0'] = process.argv.slice(2);
const chains = 8;
const { signal } = new AbortController();
const plain = { seal: (bytes: Uint8Array) => bytes, open: (bytes: Uint8Array) => bytes };
const store = await createSqliteStore({
  path,
  clock: createSystemClock(),
  sealer: plain,
  blobs: createMemoryBlobs(),
  logger: silentLogger,
});

const put = (name: string): Write => ({
  kind: 'put',
  table: 'switches',
  row: { name, on: true, why: 'x'.repeat(200) },
  when: { kind: 'absent' },
});

async function runChain(chain: number): Promise<void> {
  for (let number = Number(firstNumber); ; number++) {
    const id = `${chain}-${number}`;
    const result = await store.commit([put(`${id}-left`), put(`${id}-right`)], { signal });
    process.stdout.write(`${result.kind} ${id}\n`);
  }
}

await Promise.all(Array.from({ length: chains }, (_, chain) => runChain(chain)));
