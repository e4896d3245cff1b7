import type { CommandSpec } from '../command.ts';

/** What runs until it is told to end. */
export const serverCommands: readonly CommandSpec[] = [
  {
    path: 'demo',
    summary: 'show everything at work: a GitLab simulator, a Nest, a runner, a green job',
    details: 'Needs no account and no GitLab; leaves nothing behind.',
    options: [{ flags: '--once', about: 'end after the first green job and its clean-up' }],
    examples: ['gosling demo', 'gosling demo --once'],
    signals: 'graceful',
    load: () => import('../../commands/demo.ts'),
  },
  {
    path: 'up',
    summary: 'run MotherGoose, worker, UglyFox and clock in one process',
    details:
      'Configured by GOSLING_* variables; gosling doctor explains each. Keeps everything in GOSLING_DATA_DIR.',
    examples: ['gosling up', 'GOSLING_PUBLIC_URL=https://ci.example.com gosling up'],
    signals: 'graceful',
    load: () => import('../../commands/up.ts'),
  },
  {
    path: 'runner',
    summary: 'the agent that lives on a runner',
    details:
      'Started by the machine itself. Needs GOSLING_URL and GOSLING_BOOTSTRAP_TOKEN (or _FILE); keeps its files in the current directory. In a container that is invoked, all of it comes by REQUEST_PATH.',
    options: [
      { flags: '--runner-id ID', about: 'the id that MotherGoose gave this runner' },
      { flags: '--egg-name NAME', about: 'the Egg it serves' },
      { flags: '--metrics-interval DURATION', about: 'how often it reports at least', fallback: '30s' },
      {
        flags: '--update-check-interval DURATION',
        about: 'how often it looks for a new version',
        fallback: '5m',
      },
    ],
    examples: ['gosling runner --runner-id 01k6… --egg-name my-app'],
    signals: 'own',
    load: () => import('../../commands/runner.ts'),
  },
];
