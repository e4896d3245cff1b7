import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench, BenchContext, Comparison, Variant } from '../harness/bench.ts';
import { makeFile } from './corpus.ts';
import { buildHcl } from './hcl.ts';
import { writeNest, writeTerraform } from './nests.ts';

const kb = 1e3;
const mb = 1e6;
const eggs = 1_000;
const work = fileURLToPath(new URL('work.ts', import.meta.url));
const gosling = fileURLToPath(new URL('../../gosling', import.meta.url));

export const bench: Bench = {
  question: 'how much less CPU time than hashicorp/hcl and Terraform does Fly need, and how does it grow?',
  rounds: 5,
  prepare: async (context) => {
    const files = new Files(context, await buildHcl(context.folder, context.signal));
    return [
      ...(await compareWithHcl(files)),
      await compareValidate(context),
      await compareEdit(files),
      ...(await compareGrowth(files)),
    ];
  },
};

/** The inputs, and who works on them; the same variant is measured once, however often it is compared. */
class Files {
  readonly #folder: string;
  readonly #hcl: string;
  readonly #variants = new Map<string, Variant>();

  constructor({ folder }: BenchContext, hcl: string) {
    this.#folder = folder;
    this.#hcl = hcl;
  }

  /** Our work on a file of so many bytes. */
  async fly(task: string, bytes: number): Promise<Variant> {
    const file = await this.#write(bytes);
    return this.#variant(`fly ${task} ${say(bytes)}`, { command: [process.execPath, work, task, file] });
  }

  /** That of hashicorp/hcl. With one processor Go needs less CPU time than with more: its collector spins less. */
  async go(task: string, bytes: number): Promise<Variant> {
    const file = await this.#write(bytes);
    const command = [this.#hcl, 'measure', task, file] as const;
    return this.#variant(`hcl ${task} ${say(bytes)}`, { command, env: { GOMAXPROCS: '1' } });
  }

  #variant(name: string, options: Pick<Variant, 'command' | 'env'>): Variant {
    const variant = this.#variants.get(name) ?? { name, ...options, measure: 'reported' };
    this.#variants.set(name, variant);
    return variant;
  }

  async #write(bytes: number): Promise<string> {
    const file = join(this.#folder, `${bytes}.fly`);
    await writeFile(file, makeFile(bytes));
    return file;
  }
}

async function compareWithHcl(files: Files): Promise<Comparison[]> {
  const goals = [
    { what: 'lex and parse', task: 'parse', bytes: 100 * kb, atLeast: 10 },
    { what: 'parse and check to typed values', task: 'check', bytes: 100 * kb, atLeast: 6 },
    { what: 'parse and check to typed values', task: 'check', bytes: 5 * mb, atLeast: 4 },
    { what: 'format', task: 'format', bytes: 5 * mb, atLeast: 3 },
  ];
  return Promise.all(
    goals.map(async ({ what, task, bytes, atLeast }) => ({
      name: `${what}, ${say(bytes)}`,
      unit: 'ms CPU',
      subject: await files.fly(task, bytes),
      baseline: await files.go(task, bytes),
      goal: { kind: 'faster', atLeast },
    })),
  );
}

/** Cold: process start, loading and reading of files included. */
async function compareValidate(context: BenchContext): Promise<Comparison> {
  return {
    name: `validate ${eggs} Eggs, cold`,
    unit: 'ms CPU',
    subject: {
      name: `gosling validate ${eggs} Eggs`,
      command: [gosling, 'validate', '--format', 'json'],
      cwd: await writeNest(context, eggs),
      measure: 'cpu',
    },
    baseline: {
      name: `terraform validate ${eggs} resources`,
      command: ['terraform', 'validate', '-no-color'],
      cwd: await writeTerraform(context, eggs),
      env: { TF_CLI_CONFIG_FILE: undefined, CHECKPOINT_DISABLE: '1' },
      measure: 'cpu',
    },
    goal: { kind: 'cost', atMost: 0.45 },
  };
}

async function compareEdit(files: Files): Promise<Comparison> {
  return {
    name: 'language server, edit to diagnostics, against parse and check, 100 KB',
    unit: 'ms CPU',
    subject: await files.fly('edit', 100 * kb),
    baseline: await files.fly('check', 100 * kb),
    goal: { kind: 'cost', atMost: 2 },
  };
}

/** Files of 2, 4 and 8 MB against one of 1 MB: twice the bytes may need little more than twice the time. */
async function compareGrowth(files: Files): Promise<Comparison[]> {
  return Promise.all(
    [2, 4, 8].map(async (size) => ({
      name: `growth of parse and check, ${size} MB against 1 MB`,
      unit: 'ms CPU',
      subject: await files.fly('check', size * mb),
      baseline: await files.fly('check', mb),
      goal: { kind: 'cost', atMost: 1.25 * size },
    })),
  );
}

function say(bytes: number): string {
  return bytes < mb ? `${bytes / kb} KB` : `${bytes / mb} MB`;
}
