import { createSystemClock, isCoded, silentLogger } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import { createMemoryStore } from '@polar-gosling/ports/store/memory';
import type { TofuWanted } from '@polar-gosling/ports/tofu';
import { z } from 'zod';
import { createTofu } from '../create-tofu.ts';
import { encryption } from '../test-bench.ts';

// Makes one run's providers ready in a process of its own, which the test kills or gives a small disk. Says how it went.

const Settings = z.object({
  dataDir: z.string(),
  program: z.string(),
  mirror: z.string(),
  caFile: z.string(),
  entry: z.string(),
});
const { dataDir, program, mirror, caFile, entry } = Settings.parse(JSON.parse(process.argv[2] ?? ''));
const clock = createSystemClock();
const wanted: TofuWanted = {
  egg: 'web',
  shard: 0,
  provider: 'aws',
  region: 'eu-central-1',
  entries: new Map([['r1', entry]]),
};

const tofu = createTofu({
  ...{ dataDir, clock, encryption, logger: silentLogger },
  find: {
    bin: program,
    environment: { PATH: '/usr/local/bin:/usr/bin:/bin', SSL_CERT_FILE: caFile },
    allowTerraform: true,
  },
  launcher: { agentCommand: [], env: {} },
  cloudEnvironment: async () => ({}),
  cache: { store: createMemoryStore({ clock }), blobs: createMemoryBlobs(), mirror },
});
try {
  const run = await tofu.open(
    {
      ...{ runId: 'run-1', wanted, hardEndAt: clock.now() + 60_000 },
      ...{ onEvent: () => undefined, onProcess: () => undefined },
    },
    { signal: new AbortController().signal },
  );
  await run.dispose();
  process.stdout.write('ready\n');
} catch (error) {
  process.stdout.write(`${isCoded(error) ? error.code : 'UNKNOWN'} ${String(error)}\n`);
}
