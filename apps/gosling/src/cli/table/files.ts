import type { CommandSpec, OptionSpec } from '../command.ts';

const nestPath = { flags: '--path DIR', about: 'where the Nest is', fallback: '.' };

/** What `add egg` and `add bucket` ask alike. */
const poolOptions: readonly OptionSpec[] = [
  nestPath,
  {
    flags: '--type TYPE',
    about: 'kind of machine',
    choices: ['vm', 'serverless', 'auto'],
    fallback: 'vm',
  },
  { flags: '--gitlab-server HOST', about: 'GitLab server', fallback: 'gitlab.com' },
  { flags: '--gitlab-url URL', about: 'its address, where that is not https://HOST' },
  { flags: '--gitlab-ca-file FILE', about: 'its certificate authority, where that is private' },
  { flags: '--cloud NAME', about: 'cloud of its machines', choices: ['local', 'aws', 'yandex'] },
  { flags: '--region NAME', about: 'region of that cloud' },
  { flags: '--tag TAG', about: 'a tag that jobs ask for', repeats: true },
  { flags: '--concurrent N', about: 'jobs at once', fallback: '1' },
];
const apiTokenOption: OptionSpec = {
  flags: '--api-token-stdin',
  about: 'read the GitLab API token (scope api) from stdin',
};

/** What works on files and the secret store, without MotherGoose. */
export const fileCommands: readonly CommandSpec[] = [
  {
    path: 'init',
    summary: 'make a Nest in this Git repository',
    details: 'Safe to run again: files and keys that are there stay as they are.',
    options: [
      nestPath,
      {
        flags: '--cloud NAME',
        about: 'where runners will live',
        choices: ['local', 'aws', 'yandex'],
        fallback: 'local',
      },
      { flags: '--secret-backend URI', about: 'where secrets are kept', fallback: 'local://' },
      { flags: '--git-init', about: 'make the Git repository too, where there is none' },
    ],
    examples: ['gosling init', 'gosling init --path nest --cloud aws --git-init'],
    load: () => import('../../commands/init.ts'),
  },
  {
    path: 'add egg',
    summary: 'add runners for a GitLab project or group',
    details:
      'Writes Eggs/NAME/config.fly and puts the webhook secret and the API token into the secret store. Asks for what is missing at a terminal. Safe to run again.',
    arguments: [{ name: 'NAME', about: 'letters, digits, - and _' }],
    options: [
      ...poolOptions,
      { flags: '--gitlab-project-id ID', about: 'the project: its number, or its path (needs the network)' },
      { flags: '--gitlab-group-id ID', about: 'the group: all its projects' },
      apiTokenOption,
    ],
    examples: [
      'gosling add egg my-app --gitlab-project-id 12345',
      'gosling add egg my-app --gitlab-project-id group/app --api-token-stdin < token',
    ],
    load: () => import('../../commands/add-egg.ts'),
  },
  {
    path: 'add bucket',
    summary: 'add one pool of runners for several GitLab projects and groups',
    details:
      'Writes Eggs/NAME/config.fly and puts the webhook secret and the API token into the secret store. Run again with other ids, it adds those to the bucket and leaves the rest of the file as it is.',
    arguments: [{ name: 'NAME', about: 'letters, digits, - and _' }],
    options: [
      ...poolOptions,
      { flags: '--gitlab-project-id ID', about: 'a project: its number', repeats: true },
      { flags: '--gitlab-group-id ID', about: 'a group: all its projects', repeats: true },
      apiTokenOption,
    ],
    examples: [
      'gosling add bucket services --gitlab-project-id 11 --gitlab-project-id 12 --gitlab-group-id 7',
    ],
    load: () => import('../../commands/add-bucket.ts'),
  },
  {
    path: 'add job',
    summary: 'add a job of the installation itself, which runs on a schedule',
    details: 'Writes Jobs/NAME.fly. Asks for what is missing at a terminal. Safe to run again.',
    arguments: [{ name: 'NAME', about: 'letters, digits, - and _' }],
    options: [
      nestPath,
      { flags: '--schedule CRON', about: 'when it runs, in UTC', fallback: '0 3 * * *' },
      { flags: '--script TEXT', about: 'what it runs: shell' },
      { flags: '--tag TAG', about: 'a tag of the runner it needs', repeats: true },
    ],
    examples: ["gosling add job tidy --schedule '0 4 * * 0' --script './scripts/tidy.sh'"],
    load: () => import('../../commands/add-job.ts'),
  },
  {
    path: 'validate',
    summary: 'check .fly files: everything that is wrong, at once',
    arguments: [{ name: '[PATH...]', about: 'a Nest, or files of one (default: here)' }],
    options: [
      {
        flags: '--format FORMAT',
        about: 'how it is printed; gitlab: a code quality report',
        choices: ['text', 'json', 'gitlab', 'sarif'],
      },
      { flags: '--fix', about: 'apply the safe fixes to the files first' },
      { flags: '--env NAME', about: 'with the values of Envs/NAME.fly only (default: with each of Envs/)' },
      { flags: '--since COMMIT', about: 'tell Eggs that got another name since (default: since HEAD)' },
    ],
    examples: [
      'gosling validate',
      'gosling validate Eggs/my-app/config.fly --fix',
      'gosling validate --format gitlab > gl-code-quality-report.json',
    ],
    load: () => import('../../commands/validate.ts'),
  },
  {
    path: 'fmt',
    summary: 'bring .fly files into their canonical form',
    arguments: [{ name: '[PATH...]', about: 'directories or files (default: here); - is stdin to stdout' }],
    options: [
      { flags: '--check', about: 'change nothing; exit with 1 when a file differs' },
      { flags: '--diff', about: 'change nothing; print what would change' },
    ],
    examples: ['gosling fmt', 'gosling fmt --check --diff', 'gosling fmt - < Eggs/my-app/config.fly'],
    load: () => import('../../commands/fmt.ts'),
  },
  {
    path: 'explain',
    summary: 'what the code of a diagnostic or an error means; or what an Egg consists of',
    arguments: [{ name: 'CODE', about: 'such as FLY030 or STORE_UNAVAILABLE' }],
    examples: ['gosling explain FLY030', 'gosling explain TOFU_LOCKED', 'gosling explain egg my-app'],
    load: () => import('../../commands/explain.ts'),
  },
  {
    path: 'explain egg',
    summary: 'every value of an Egg or EggsBucket that is in force, and the file and line that set it',
    arguments: [{ name: 'NAME', about: 'the Egg or EggsBucket' }],
    options: [
      nestPath,
      { flags: '--env NAME', about: 'with the values and patches of Envs/NAME.fly (default: without any)' },
    ],
    examples: ['gosling explain egg my-app', 'gosling explain egg my-app --env prod --json'],
    load: () => import('../../commands/explain-egg.ts'),
  },
  {
    path: 'schema',
    summary: 'print the JSON Schema of Fly files',
    examples: ['gosling schema > fly.schema.json'],
    load: () => import('../../commands/schema.ts'),
  },
  {
    path: 'lsp',
    summary: 'language server of Fly for editors, over stdin and stdout',
    details:
      'Started by the editor: diagnostics, completion, hover, definitions, symbols, formatting, fixes.',
    options: [{ flags: '--stdio', about: 'accepted because editors pass it; there is no other way' }],
    examples: ['gosling lsp'],
    hasBadConfig: true,
    signals: 'graceful',
    load: () => import('../../commands/lsp.ts'),
  },
  {
    path: 'secret put',
    summary: 'set a secret; the value comes from a prompt or from stdin',
    arguments: [{ name: 'REF', about: 'such as gitlab/gitlab.com/my-app/api-token' }],
    examples: [
      'gosling secret put gitlab/gitlab.com/default/api-token',
      'pass show gitlab | gosling secret put gitlab/gitlab.com/my-app/api-token',
    ],
    load: async () => ({ run: (await import('../../commands/secret.ts')).putSecret }),
  },
  {
    path: 'secret list',
    summary: 'list references of secrets, never values',
    arguments: [{ name: '[PREFIX]', about: 'only those that begin with it' }],
    examples: ['gosling secret list', 'gosling secret list gitlab/'],
    load: async () => ({ run: (await import('../../commands/secret.ts')).listSecrets }),
  },
  {
    path: 'secret explain',
    summary: 'what a secret is for and whether it is set; shows public keys',
    arguments: [{ name: 'REF', about: 'such as deploy-keys/mothergoose-public' }],
    examples: ['gosling secret explain deploy-keys/mothergoose-public'],
    load: async () => ({ run: (await import('../../commands/secret.ts')).explainSecret }),
  },
  {
    path: 'secret rotate',
    summary: 'a new key for the sealed columns of the store; everything is sealed again',
    details:
      'Instances may run meanwhile: they take the new key within five minutes. The old key then stays for a little more than an hour, and a second call takes it out; where nothing runs, one call does it all. Broken off anywhere, the next call goes on.',
    arguments: [{ name: 'REF', about: 'store/keyring' }],
    examples: ['gosling secret rotate store/keyring'],
    load: async () => ({ run: (await import('../../commands/secret.ts')).rotateSecret }),
  },
  {
    path: 'doctor',
    summary: 'check this machine and this installation, with a fix for each finding',
    options: [
      { flags: '--explain', about: 'every variable of the configuration: value in force, default, meaning' },
    ],
    examples: ['gosling doctor', 'gosling doctor --json', 'gosling doctor --explain'],
    hasBadConfig: true,
    load: () => import('../../commands/doctor.ts'),
  },
  {
    path: 'backup',
    summary: 'write one file with everything an embedded instance has, while it runs',
    details:
      'Database, encrypted secrets, blobs and states of OpenTofu, each with its checksum. The key of the secrets is left out: keep it apart.',
    arguments: [{ name: 'FILE', about: 'a gzipped tar; replaced when it is whole' }],
    examples: ['gosling backup /var/backups/gosling.tar.gz'],
    load: async () => ({ run: (await import('../../commands/backup.ts')).backup }),
  },
  {
    path: 'restore',
    summary: 'make a data directory of a backup',
    details:
      'Checks all of it first. Refused while an instance runs, and over a directory that is not empty. The key that lies in DATA_DIR/key goes along when it opens the secrets.',
    arguments: [{ name: 'FILE', about: 'what gosling backup wrote' }],
    options: [{ flags: '--force', about: 'keep what is in the data directory aside and go on' }],
    examples: [
      'gosling restore gosling.tar.gz',
      'GOSLING_DATA_DIR=/srv/gosling gosling restore gosling.tar.gz',
    ],
    load: async () => ({ run: (await import('../../commands/backup.ts')).restore }),
  },
  {
    path: 'completion',
    summary: 'print a completion script',
    arguments: [{ name: 'SHELL', about: 'bash, zsh or fish' }],
    examples: [
      'gosling completion bash > /etc/bash_completion.d/gosling',
      'source <(gosling completion zsh)',
    ],
    load: () => import('../../commands/completion.ts'),
  },
];
