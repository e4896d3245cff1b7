import type { CommandSpec, OptionSpec } from '../command.ts';

const egg: OptionSpec = { flags: '--egg NAME', about: 'only this Egg' };
const limit: OptionSpec = { flags: '--limit N', about: 'at most so many', fallback: '500' };

/** What MotherGoose knows. */
export const viewCommands: readonly CommandSpec[] = [
  {
    path: 'status',
    summary: 'Eggs, capacity, waiting jobs, problems',
    options: [
      egg,
      { flags: '--exit-status', about: 'exit with 8 when there are problems' },
      { flags: '--page', about: 'print a link that opens the status page in a browser, once' },
    ],
    examples: ['gosling status', 'gosling status --egg my-app --json', 'gosling status --page'],
    load: () => import('../../commands/status.ts'),
  },
  {
    path: 'why',
    summary: 'why a CI job waits, step by step, and what comes next',
    arguments: [{ name: 'JOB-URL', about: "address of the job's page" }],
    examples: ['gosling why https://gitlab.com/group/app/-/jobs/123'],
    load: () => import('../../commands/why.ts'),
  },
  {
    path: 'list eggs',
    summary: 'Eggs and buckets in force',
    options: [limit],
    examples: ['gosling list eggs'],
    load: async () => ({ run: (await import('../../commands/list.ts')).listEggs }),
  },
  {
    path: 'list runners',
    summary: 'runners, and why they are as they are',
    options: [egg, limit],
    examples: ['gosling list runners --egg my-app'],
    load: async () => ({ run: (await import('../../commands/list.ts')).listRunners }),
  },
  {
    path: 'list jobs',
    summary: 'self-management jobs of Jobs/',
    options: [limit],
    examples: ['gosling list jobs'],
    load: async () => ({ run: (await import('../../commands/list.ts')).listJobs }),
  },
  {
    path: 'list ci-jobs',
    summary: 'CI jobs that were seen, with the reason for waiting',
    options: [egg, { flags: '--waiting', about: 'only those that wait' }, limit],
    examples: ['gosling list ci-jobs --waiting'],
    load: async () => ({ run: (await import('../../commands/list.ts')).listCiJobs }),
  },
  {
    path: 'list plans',
    summary: 'OpenTofu plans of an Egg',
    options: [egg, limit],
    examples: ['gosling list plans --egg my-app'],
    load: async () => ({ run: (await import('../../commands/list.ts')).listPlans }),
  },
  {
    path: 'logs',
    summary: 'what OpenTofu tells in a run, also while it goes on',
    details: 'Exit code 1: the run failed; 5: there is no such run.',
    arguments: [{ name: '[RUN]', about: 'its id' }],
    options: [
      { flags: '--egg NAME', about: 'the newest run of this Egg' },
      { flags: '--follow', about: 'until the run is over' },
      { flags: '--full', about: 'all that OpenTofu said, as it said it; when the run is over' },
    ],
    examples: ['gosling logs --egg my-app --follow', 'gosling logs 01kb3w8q7m --full'],
    load: async () => ({ run: (await import('../../commands/logs.ts')).logs }),
  },
  {
    path: 'get egg',
    summary: 'an Egg as it is in force, or one value of it',
    arguments: [{ name: 'NAME', about: 'of the Egg' }],
    options: [{ flags: '--field PATH', about: 'such as config.runner.concurrent' }],
    examples: ['gosling get egg my-app', 'gosling get egg my-app --field config.runner.tags'],
    load: () => import('../../commands/get-egg.ts'),
  },
  {
    path: 'get plan',
    summary: 'an OpenTofu plan, and the files it was made of',
    arguments: [{ name: 'ID', about: 'of the plan, as gosling list plans shows it' }],
    options: [
      { flags: '--egg NAME', about: 'whose plan it is' },
      { flags: '--bundle DIR', about: 'write its files there, without one-time tokens' },
    ],
    examples: [
      'gosling get plan 01kb3w8q7m --egg my-app',
      'gosling get plan 01kb3w8q7m --egg my-app --bundle old',
    ],
    load: () => import('../../commands/get-plan.ts'),
  },
];
