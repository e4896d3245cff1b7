// npm run bench [-- NAME [--json]]: without a name, the benches there are.
// Exit code 0: measured, every goal met; 1: a goal missed, or not measured; 64: not understood.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nearest } from '@polar-gosling/kernel';
import type { Bench } from './bench.ts';
import { reportOf } from './report.ts';
import { runBench } from './run-bench.ts';

const benches = new URL('../', import.meta.url);
const usageExit = 64;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const names = await listBenches();
  const options = args.filter((arg) => arg.startsWith('-') && arg !== '--json');
  const asked = args.filter((arg) => !arg.startsWith('-'));
  if (options.length > 0 || asked.length > 1) return refuse('usage: npm run bench -- NAME [--json]');
  const [name] = asked;
  if (name === undefined) return list(names);
  if (names.includes(name)) return run(name, args.includes('--json'));
  const guess = nearest(name, names);
  return refuse(
    `no such bench: ${name}; ${guess === undefined ? `there are ${names.join(', ')}` : `did you mean ${guess}?`}`,
  );
}

async function listBenches(): Promise<string[]> {
  const entries = await readdir(benches, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && entry.name !== 'harness')
    .map(({ name }) => name)
    .toSorted();
}

async function load(name: string): Promise<Bench> {
  const module = (await import(new URL(`${name}/bench.ts`, benches).href)) as { readonly bench: Bench };
  return module.bench;
}

async function list(names: readonly string[]): Promise<number> {
  const all = await Promise.all(
    names.map(async (name) => `${name.padEnd(12)} ${(await load(name)).question}`),
  );
  console.log(all.join('\n'));
  return 0;
}

async function run(name: string, isJson: boolean): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const folder = await mkdtemp(join(tmpdir(), `bench-${name}-`));
  try {
    const say = (line: string) => process.stderr.write(`${line}\n`);
    const result = await runBench(name, await load(name), { folder, signal: stop.signal, say });
    console.log(isJson ? JSON.stringify(result) : reportOf(result));
    return Object.values(result.goals).every(({ isMet }) => isMet) ? 0 : 1;
  } catch (error) {
    return refuse(`${name} was not measured: ${error instanceof Error ? error.message : error}`, 1);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function refuse(problem: string, exitCode = usageExit): number {
  process.stderr.write(`${problem}\n`);
  return exitCode;
}
