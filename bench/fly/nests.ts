import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BenchContext } from '../harness/bench.ts';
import { makeEggs, toTerraform } from './corpus.ts';

const run = promisify(execFile);

/** A Nest of so many Eggs, one a file. */
export async function writeNest({ folder }: BenchContext, count: number): Promise<string> {
  const nest = join(folder, 'nest');
  await mkdir(nest);
  await writeFile(join(nest, 'Nest.fly'), 'fly = 1\n');
  await writeEach(makeEggs(count), async ({ name, text }) => {
    await mkdir(join(nest, 'Eggs', name), { recursive: true });
    await writeFile(join(nest, 'Eggs', name, 'config.fly'), text);
  });
  return nest;
}

/** The same Eggs as a configuration of Terraform, ready to be validated. */
export async function writeTerraform({ folder, signal }: BenchContext, count: number): Promise<string> {
  const configuration = join(folder, 'terraform');
  await mkdir(configuration);
  await writeEach(makeEggs(count), ({ name, text }) =>
    writeFile(join(configuration, `${name}.tf`), toTerraform(text)),
  );
  const env = { ...process.env };
  delete env['TF_CLI_CONFIG_FILE'];
  await run('terraform', ['init', '-input=false', '-no-color'], { cwd: configuration, env, signal });
  return configuration;
}

async function writeEach<Item>(items: readonly Item[], write: (item: Item) => Promise<void>): Promise<void> {
  for (const item of items) await write(item);
}
