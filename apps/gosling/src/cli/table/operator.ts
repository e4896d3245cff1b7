import type { CommandSpec, OptionSpec } from '../command.ts';

const egg: OptionSpec = { flags: '--egg NAME', about: 'only this Egg' };

const of = {
  flags: '--of PROGRAM',
  about: 'tofu, or the agent',
  choices: ['tofu', 'gosling'],
  fallback: 'tofu',
};
const repository = { flags: '--repository OWNER/NAME', about: 'its GitHub repository, where it has another' };

/** An operator's switches, through MotherGoose. */
export const operatorCommands: readonly CommandSpec[] = [
  {
    path: 'sync',
    summary: 'read the Nest now',
    options: [{ flags: '--confirm COMMIT', about: 'let a held commit through' }],
    examples: ['gosling sync', 'gosling sync --confirm 1a2b3c4d'],
    load: () => import('../../commands/sync.ts'),
  },
  {
    path: 'plan',
    summary: 'what the working tree or a commit would create, change and kill; changes nothing',
    details: 'Exit code 3: files have errors; with --detailed-exitcode 2: something changes.',
    options: [
      { flags: '--commit COMMIT', about: 'of the repository here, instead of the working tree' },
      { flags: '--detailed-exitcode', about: 'exit with 2 when something changes' },
    ],
    examples: ['gosling plan', 'gosling plan --commit origin/main --detailed-exitcode'],
    load: () => import('../../commands/plan.ts'),
  },
  {
    path: 'rollback',
    summary: 'go back to the machines of an earlier deployment, or lift that',
    details:
      'Says what it will do, and asks. Tags, counts and times stay as the Nest has them; the next commit that changes machines ends it. Exit code 6: there is nothing to go back to; 5: no such Egg or target; 8: with --all, some could not.',
    options: [
      { flags: '--egg NAME', about: 'the Egg' },
      { flags: '--all', about: 'every Egg' },
      { flags: '--to WHAT', about: 'a deployment, a plan or a commit (default: -1, the deployment before)' },
      { flags: '--unpin', about: 'what the Nest says of machines comes into force again' },
      { flags: '--dry-run', about: 'only say what it would do' },
      { flags: '--yes', about: 'do not ask' },
    ],
    examples: [
      'gosling rollback --egg my-app',
      'gosling rollback --egg my-app --to 1a2b3c4d --yes',
      'gosling rollback --egg my-app --unpin',
    ],
    load: () => import('../../commands/rollback.ts'),
  },
  {
    path: 'freeze',
    summary: 'no launches and no kills, until it is lifted',
    options: [egg, { flags: '--why TEXT', about: 'others will read it' }],
    examples: ['gosling freeze --why "incident 42"', 'gosling freeze --egg my-app --why "cloud quota"'],
    load: async () => ({ run: (await import('../../commands/freeze.ts')).freeze }),
  },
  {
    path: 'unfreeze',
    summary: 'lift a freeze',
    options: [egg],
    examples: ['gosling unfreeze'],
    load: async () => ({ run: (await import('../../commands/freeze.ts')).unfreeze }),
  },
  {
    path: 'tasks list',
    summary: 'the queue, and messages that were put aside',
    options: [{ flags: '--limit N', about: 'how many at most', fallback: '100' }],
    examples: ['gosling tasks list', 'gosling tasks list --json'],
    load: async () => ({ run: (await import('../../commands/tasks.ts')).listTasks }),
  },
  {
    path: 'tasks redrive',
    summary: 'put messages back to work',
    details: 'Exit code 5: there is no such message; 8: only some of them were there.',
    arguments: [{ name: '[ID...]', about: 'as in tasks list' }],
    options: [{ flags: '--all', about: 'all that were put aside' }],
    examples: ['gosling tasks redrive 01kb3w8q7m', 'gosling tasks redrive --all'],
    load: async () => ({ run: (await import('../../commands/tasks.ts')).redriveTasks }),
  },
  {
    path: 'tasks purge',
    summary: 'throw messages away that were put aside',
    arguments: [{ name: '[ID...]', about: 'as in tasks list' }],
    options: [
      { flags: '--all', about: 'all that were put aside; asks' },
      { flags: '--yes', about: 'do not ask' },
    ],
    examples: ['gosling tasks purge 01kb3w8q7m', 'gosling tasks purge --all --yes'],
    load: async () => ({ run: (await import('../../commands/tasks.ts')).purgeTasks }),
  },
  {
    path: 'token create',
    summary: 'make an API token; its value is shown once',
    arguments: [{ name: 'NAME', about: 'unique while the token is in force' }],
    options: [
      {
        flags: '--role ROLE',
        about: 'what it may do',
        choices: ['read', 'write', 'admin'],
        fallback: 'read',
      },
      { ...egg, repeats: true },
      { flags: '--expires DURATION', about: 'such as 90d' },
    ],
    examples: [
      'gosling token create ci --role write --expires 90d',
      'gosling token create grafana --egg my-app',
    ],
    load: async () => ({ run: (await import('../../commands/token.ts')).createToken }),
  },
  {
    path: 'token list',
    summary: 'API tokens, without their values',
    examples: ['gosling token list'],
    load: async () => ({ run: (await import('../../commands/token.ts')).listTokens }),
  },
  {
    path: 'token revoke',
    summary: 'revoke an API token',
    arguments: [{ name: 'ID', about: 'as in token list' }],
    examples: ['gosling token revoke 0123456789ab'],
    load: async () => ({ run: (await import('../../commands/token.ts')).revokeToken }),
  },
  {
    path: 'tofu versions',
    summary: 'which versions are here, and which one runs',
    options: [of, repository, { flags: '--available', about: 'also those that the releases offer' }],
    examples: ['gosling tofu versions', 'gosling tofu versions --available'],
    load: async () => ({ run: (await import('../../commands/tofu.ts')).listVersions }),
  },
  {
    path: 'tofu install',
    summary: 'fetch a version, prove it and keep it',
    details:
      'A release is proved by its signed checksums; a file from an address of your own by the SHA-256 you give. Exit code 3: it could not be installed; 7: it was not here in time, a worker may still be at it.',
    arguments: [{ name: 'VERSION', about: 'such as 1.12.6' }],
    options: [
      of,
      repository,
      {
        flags: '--platform NAME',
        about: 'linux, darwin or windows, _amd64 or _arm64 (default: of the workers)',
      },
      { flags: '--url TEMPLATE', about: 'an address of your own with {version}, {os}, {arch}' },
      { flags: '--sha256 HEX', about: 'of the file at --url' },
      { flags: '--auth HOW', about: 'bearer:REF, token:REF or header:NAME:REF; REF is a secret tools/NAME' },
      { flags: '--use', about: 'use it as soon as it is here' },
      { flags: '--timeout DURATION', about: 'how long to wait for a worker', fallback: '20m' },
    ],
    examples: [
      'gosling tofu install 1.12.6 --use',
      'gosling tofu install 1.12.6 --url https://files.example.com/tofu_{version}_{os}_{arch}.tar.gz --sha256 50a6…',
    ],
    load: async () => ({ run: (await import('../../commands/tofu.ts')).installVersion }),
  },
  {
    path: 'tofu use',
    summary: 'run a version that is here',
    arguments: [{ name: 'VERSION', about: 'such as 1.12.6' }],
    options: [
      of,
      {
        flags: '--sha256 DIGITS',
        about: 'which build, where the version is here in several: the first digits',
        repeats: true,
      },
    ],
    examples: ['gosling tofu use 1.12.6', 'gosling tofu use 1.12.6 --sha256 50a6c0ffee01'],
    load: async () => ({ run: (await import('../../commands/tofu.ts')).useVersion }),
  },
  {
    path: 'tofu rollback',
    summary: 'go back to the version that ran before',
    options: [of],
    examples: ['gosling tofu rollback'],
    load: async () => ({ run: (await import('../../commands/tofu.ts')).rollbackVersion }),
  },
  {
    path: 'cache clear',
    summary: "throw away OpenTofu's providers and prepared modules; the next runs have them made anew",
    details: 'Without a flag both. Where no network is allowed, put the providers on the workers first.',
    options: [
      {
        flags: '--providers',
        about: 'packages and lock files, here and in Blobs: newer versions may be chosen',
      },
      { flags: '--modules', about: 'what init made of the modules of each shard' },
    ],
    examples: ['gosling cache clear --providers', 'gosling cache clear'],
    load: async () => ({ run: (await import('../../commands/cache.ts')).clearCache }),
  },
];
