import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encryption, never } from '../../adapters/tofu/src/test-bench.ts';
import { findFakecloudMirror, noMirrorReason } from '../../e2e/stores/fake-cloud-module.ts';
import type { Bench, Variant } from '../harness/bench.ts';
import { recordBundles } from './record.ts';

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const applies = 8;
const eggs = 20;
const jobs = 100;
const atOnce = 8;
/** As adapters/tofu does it. */
const withoutCollections = { GOGC: 'off', GOMEMLIMIT: '256MiB' };

/**
 * One after the other: the same bundles, and of OpenTofu the same commands, by our runner of the binary and by a script.
 * Many: the demands of 100 jobs over 20 Eggs by the whole engine on SQLite, against a script of an apply for each Egg.
 * Ours runs OpenTofu without collections, as it does for machines of this host. The script does so too, for that is what
 * our part costs; once more it runs it as it comes, to be seen. States are local, and encrypted with the same keys; once
 * more the script has them in clear.
 * Beside: one job of an Egg with a machine whose removal hangs in a cloud of the test's own.
 */
export const bench: Bench = {
  question:
    'what do our runs of OpenTofu cost beside the bare binary, and how many applies are there for many jobs?',
  rounds: 5,
  async prepare({ folder, say }) {
    const program = execFileSync('bash', [here('../../scripts/engines/get-tofu.sh')], {
      encoding: 'utf8',
    }).trim();
    say('recording the bundles');
    const sizes = Array.from({ length: applies + 1 }, (_, size) => size);
    const { bundles } = await recordBundles(program, { dir: folder, sizes });
    const node = (file: string, ...args: readonly (string | number)[]): Variant => ({
      name: 'ours',
      command: [process.execPath, here(file), program, ...args.map(String)],
      measure: 'reported',
    });
    const encrypted = { TF_ENCRYPTION: (await encryption({ signal: never })).reveal() };
    const script = (file: string, ...args: readonly (string | number)[]): Variant => ({
      name: 'script',
      command: ['bash', here(file), program, ...args.map(String)],
      measure: 'reported',
      env: encrypted,
    });
    const one = node('one.ts', applies, folder);
    const oneScript = script('one.sh', applies, bundles);
    const many = node('many.ts', eggs, jobs, atOnce);
    const work = join(folder, 'many');
    const manyScript = script('many.sh', eggs, jobs / eggs, atOnce, bundles, work);
    const mirror = findFakecloudMirror();
    if (mirror === undefined) say(`${noMirrorReason}: no launch beside a removal is measured`);
    const beside = node('beside.ts', mirror ?? '');
    const limit = (atMost: number) => ({ kind: 'limit', atMost }) as const;
    const likeOurs = (variant: Variant): Variant => ({
      ...variant,
      ...{ name: 'script, GOGC=off', env: { ...variant.env, ...withoutCollections } },
    });
    const oneLikeOurs = likeOurs(oneScript);
    const inClear = { ...oneLikeOurs, name: 'in clear', env: { ...oneLikeOurs.env, TF_ENCRYPTION: '' } };
    const asItComes = { mustAgree: true, goal: { kind: 'none' } as const };
    const manyJobs = `${jobs} jobs over ${eggs} Eggs`;
    return [
      {
        ...{ name: 'one apply, against a script', unit: 'ms', subject: one, baseline: oneLikeOurs },
        ...{ mustAgree: true, goal: { kind: 'cost', atMost: 1.1, orMore: 25 } },
      },
      {
        ...{ name: 'one apply, against a script that collects garbage', unit: 'ms' },
        ...{ subject: one, baseline: oneScript, mustAgree: true },
        goal: { kind: 'cost', atMost: 1.1, orMore: 25 },
      },
      {
        ...{ name: 'what encryption costs such a script', unit: 'ms' },
        ...{ subject: oneLikeOurs, baseline: inClear, mustAgree: true },
        goal: { kind: 'cost', atMost: 1.35 },
      },
      {
        ...{ name: 'processes of OpenTofu for one apply', unit: 'processes', figure: 'processes' },
        ...{ subject: one, baseline: one, goal: limit(4) },
      },
      {
        ...{ name: `${manyJobs}, against a script of one apply for each Egg`, unit: 'ms' },
        ...{ subject: many, baseline: likeOurs(manyScript) },
        ...{ mustAgree: true, goal: { kind: 'cost', atMost: 1.3 } },
      },
      {
        ...{ name: `${manyJobs}, against such a script that collects garbage`, unit: 'ms' },
        ...{ subject: many, baseline: manyScript, ...asItComes },
      },
      {
        ...{ name: `applies for ${manyJobs}`, unit: 'applies', figure: 'applies' },
        ...{ subject: many, baseline: many, goal: limit(45) },
      },
      ...(mirror === undefined
        ? []
        : [
            {
              ...{
                name: 'from a job to the request for its machine, beside a removal that hangs',
                unit: 'ms',
              },
              ...{ subject: beside, baseline: beside, goal: limit(2_000) },
            },
          ]),
    ];
  },
};
