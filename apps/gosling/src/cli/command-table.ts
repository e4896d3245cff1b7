import type { CommandSpec } from './command.ts';

/** Every command, in the order of the help. Only the one that is called is loaded. */
export const commandTable: readonly CommandSpec[] = [
  {
    path: 'runner',
    summary: 'the agent that lives on a runner',
    details:
      'Started by the machine itself. Needs GOSLING_URL and GOSLING_BOOTSTRAP_TOKEN (or _FILE); keeps its files in the current directory.',
    options: [
      { flags: '--runner-id ID', about: 'the id that MotherGoose gave this runner' },
      { flags: '--egg-name NAME', about: 'the Egg it serves' },
      { flags: '--metrics-interval DURATION', about: 'how often it reports at most', fallback: '30s' },
      {
        flags: '--update-check-interval DURATION',
        about: 'how often it looks for a new version',
        fallback: '5m',
      },
    ],
    examples: ['gosling runner --runner-id 01k6… --egg-name my-app'],
    signals: 'own',
    load: () => import('../commands/runner.ts'),
  },
  {
    path: 'up',
    summary: 'run everything on this machine: API, worker, UglyFox, clock',
    details:
      'Reads its settings from the environment (gosling doctor lists them). Without GOSLING_PUBLIC_URL it asks GitLab instead of being called.',
    examples: ['gosling up', 'GOSLING_PUBLIC_URL=https://gosling.example.com gosling up'],
    signals: 'graceful',
    load: () => import('../commands/up.ts'),
  },
  {
    path: 'demo',
    summary: 'see one CI job go from a push to green, with a simulated GitLab',
    options: [{ flags: '--once', about: 'end after the green job and its clean-up' }],
    examples: ['gosling demo', 'gosling demo --once'],
    signals: 'graceful',
    load: () => import('../commands/demo.ts'),
  },
];
