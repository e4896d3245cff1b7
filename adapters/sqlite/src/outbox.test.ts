import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import { type MessageKind, outboxWrite } from '@polar-gosling/ports/queue';
import { describeQueueContract } from '@polar-gosling/ports/queue/contract';
import { createOutboxQueue } from '@polar-gosling/ports/queue/outbox';
import { afterAll } from 'vitest';
import { createSqliteStore } from './index.ts';

const root = mkdtempSync(join(tmpdir(), 'gosling-outbox-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const options = { signal: new AbortController().signal };
const sealer = { seal: (bytes: Uint8Array) => bytes, open: (bytes: Uint8Array) => bytes };

describeQueueContract({
  name: 'outbox of SQLite',
  async create({ clock, ids }) {
    const path = join(mkdtempSync(join(root, 'db-')), 'state.db');
    const store = await createSqliteStore({
      path,
      clock,
      sealer,
      blobs: createMemoryBlobs(),
      logger: silentLogger,
      mode: 'inline',
    });
    const send = async (message: { kind: MessageKind; key: string; delayMs?: number }) => {
      await store.commit([outboxWrite({ trace: 'trace', ...message }, { clock, ids })], options);
    };
    return { queue: createOutboxQueue({ store, clock, ids }), send, close: () => store.close() };
  },
});
