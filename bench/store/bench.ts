import { fileURLToPath } from 'node:url';
import type { Bench, BenchContext, Variant } from '../harness/bench.ts';
import { syncsPerSecond } from '../harness/syncs-per-second.ts';

const work = fileURLToPath(new URL('work.ts', import.meta.url));

/** The same store for both: SQLite in WAL mode with `synchronous=FULL`, every commit answered after its sync. */
export const bench: Bench = {
  question: 'how much faster are commits of 64 writers that share a sync than commits that go one by one?',
  rounds: 5,
  async prepare(context) {
    context.say(`fdatasync/s before: ${await syncsPerSecond(context.folder)}`);
    return [
      {
        name: 'group commit, 64 writers, against one by one',
        unit: 'µs for each commit',
        subject: variant({ name: 'groups', commits: 20_000 }, context),
        baseline: variant({ name: 'one by one', commits: 2_000 }, context),
        goal: { kind: 'faster', atLeast: 8 },
      },
    ];
  },
  async finish(context) {
    context.say(`fdatasync/s after: ${await syncsPerSecond(context.folder)}`);
  },
};

function variant({ name, commits }: { name: string; commits: number }, { folder }: BenchContext): Variant {
  return { name, command: [process.execPath, work, name, String(commits), folder], measure: 'reported' };
}
