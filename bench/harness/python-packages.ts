import { execFile } from 'node:child_process';
import { access, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BenchContext } from './bench.ts';

const run = promisify(execFile);

/** A Python with these packages, kept from run to run; answers the folder of its programs. */
export async function preparePython(
  wanted: { readonly name: string; readonly packages: readonly string[]; readonly program: string },
  { say, signal }: BenchContext,
): Promise<string> {
  const cache = process.env['POLAR_CACHE'] ?? join(homedir(), '.cache', 'polar-gosling');
  const venv = join(cache, wanted.name);
  const programs = join(venv, 'bin');
  const isReady = await access(join(programs, wanted.program)).then(
    () => true,
    () => false,
  );
  if (isReady) return programs;
  say(`installing ${wanted.packages.join(', ')}`);
  await mkdir(cache, { recursive: true });
  await run('python3', ['-m', 'venv', venv], { signal });
  await run(join(programs, 'python'), ['-m', 'pip', 'install', '--quiet', ...wanted.packages], { signal });
  return programs;
}
