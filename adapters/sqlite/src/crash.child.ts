import { createSystemClock, silentLogger } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import type { Write } from '@polar-gosling/ports/store';
import { createSqliteStore } from './index.ts';

// A writer that is killed by crash.test.ts: 8 chains of units, each saying on stdout what was acknowledged to it.
// A unit writes two rows with one number; the next of the chain starts after the acknowledgement. The other numbers
// are of chains and of units in each, after which it ends by itself.

const [path = '', firstNumber = '0', chains = '8', units = 'Infinity'] = process.argv.slice(2);
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
  const first = Number(firstNumber);
  for (let number = first; number < first + Number(units); number++) {
    const id = `${chain}-${number}`;
    const result = await store.commit([put(`${id}-left`), put(`${id}-right`)], { signal });
    process.stdout.write(`${result.kind} ${id}\n`);
  }
}

await Promise.all(Array.from({ length: Number(chains) }, (_, chain) => runChain(chain)));
await store.close();
