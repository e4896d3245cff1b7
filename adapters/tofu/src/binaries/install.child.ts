import { readdirSync, readFileSync } from 'node:fs';
import { createSystemClock, isCoded } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import { z } from 'zod';
import { createBinaries } from './create-binaries.ts';
import { tofuProgram } from './program.ts';

// Installs one version in a process of its own. Says that it begins (stderr), then how it went and what is left.

const Settings = z.object({ binDir: z.string(), url: z.string(), sha256: z.string(), caFile: z.string() });
const { binDir, url, sha256, caFile } = Settings.parse(JSON.parse(process.argv[2] ?? ''));
const call = { signal: new AbortController().signal };
const blobs = createMemoryBlobs();
const binaries = createBinaries({
  ...{ program: tofuProgram, binDir, blobs, environment: {}, clock: createSystemClock() },
  ca: readFileSync(caFile, 'utf8'),
  platform: { os: 'linux', arch: 'x64' },
});

async function install(): Promise<string> {
  try {
    await binaries.install({ version: '1.12.6', source: { kind: 'other', url, sha256 } }, call);
    return 'installed';
  } catch (error) {
    return `${isCoded(error) ? error.code : 'UNKNOWN'} ${String(error)}`;
  }
}

process.stderr.write('begins\n');
const said = await install();
const kept = await blobs.list('', 9, call);
process.stdout.write(
  JSON.stringify({ said, here: readdirSync(binDir).filter((name) => !name.endsWith('.lock')), kept }),
);
