import {
  attribute,
  block,
  bool,
  duration,
  environment,
  form,
  gib,
  int,
  mib,
  oneOf,
  secret,
  text,
  textSet,
  texts,
} from './types.ts';

const tenMinutesMs = 600_000;

const cloud = block({
  doc: 'Where the machines run.',
  attributes: {
    provider: attribute(oneOf('aws', 'yandex', 'local'), 'The cloud; local runs processes of this host.', {
      required: true,
    }),
    region: attribute(text, 'Region of the provider.', { defaultDoc: 'the region of MG/config.fly' }),
    zones: attribute(textSet, 'Zones to use, in this order.', { default: [] }),
    spot: attribute(
      oneOf('never', 'prefer', 'only'),
      'Use of cheaper machines that the cloud may take back.',
      {
        default: 'never',
      },
    ),
    image: attribute(text, 'Image of the machine.'),
    subnet: attribute(text, 'Subnet of the machine.'),
    security_groups: attribute(textSet, 'Security groups of the machine.', { default: [] }),
    public_ip: attribute(bool, 'Give the machine a public address.'),
    instance_profile: attribute(text, 'Instance profile (AWS) or service account (Yandex) of the machine.'),
    ssh_user: attribute(text, 'User for SSH access to the machine.'),
    ssh_public_keys: attribute(textSet, 'Public keys for SSH access to the machine.', { default: [] }),
  },
});

const resources = block({
  doc: 'Size of one machine.',
  isFilled: true,
  attributes: {
    cpu: attribute(int(1, 256), 'Number of processors.', { default: 2 }),
    memory: attribute(mib, 'Memory; a number counts MiB.', { default: 4096 }),
    disk: attribute(gib, 'Disk; a number counts GiB.', { default: 20 }),
    instance_type: attribute(text, 'Type of the cloud, instead of the nearest one to cpu and memory.'),
    arch: attribute(oneOf('amd64', 'arm64'), 'Processor architecture.'),
    gpus: attribute(int(0, 16), 'Number of graphics processors.'),
  },
});

const docker = block({
  doc: 'How the docker executor runs jobs.',
  attributes: {
    privileged: attribute(bool, 'Run job containers privileged.', { default: false }),
    volumes: attribute(textSet, 'Volumes of job containers.', { default: [] }),
    pull_policy: attribute(oneOf('always', 'if-not-present', 'never'), 'When images are pulled.'),
    allowed_images: attribute(textSet, 'Patterns of images that jobs may use.', { default: [] }),
    auth_config: attribute(secret, 'Reference to a DOCKER_AUTH_CONFIG.'),
  },
});

const runner = block({
  doc: 'Which jobs the Egg takes, and how many.',
  isFilled: true,
  attributes: {
    tags: attribute(textSet, 'GitLab tags of the runners.', { default: [] }),
    concurrent: attribute(int(1, 1000), 'Jobs the whole Egg runs at once, over all its projects.', {
      default: 1,
    }),
    jobs_per_runner: attribute(int(1, 100), 'Jobs one machine takes at once.', { default: 1 }),
    max_jobs: attribute(int(1, 1_000_000), 'After so many jobs a runner is drained and replaced.', {
      defaultDoc: 'no limit for vm, 1 for serverless',
    }),
    idle_timeout: attribute(duration(), 'How long a runner of the apex may be idle.', {
      default: tenMinutesMs,
    }),
    executor: attribute(oneOf('docker', 'shell'), 'How jobs are run.', {
      defaultDoc: 'docker for vm; shell for serverless and for the provider local',
    }),
    image: attribute(text, 'Image of jobs that name none.'),
    run_untagged: attribute(bool, 'Take jobs without tags.', { defaultDoc: 'true where tags is empty' }),
    protected: attribute(bool, 'Take jobs of protected branches and tags only.', { default: false }),
    locked: attribute(bool, 'Keep the runner from being enabled for other projects.', { default: false }),
    job_duration: attribute(duration(), 'Expected duration of a job, for type = "auto".'),
    maximum_timeout: attribute(duration(tenMinutesMs), 'Longest duration GitLab allows a job here.'),
    pre_build_script: attribute(text, 'Script that runs before each job.'),
    config_toml_extra: attribute(text, 'Lines added to the config.toml of the runner.'),
  },
  blocks: { docker },
});

const gitlabScope = {
  attributes: {
    server: attribute(form('host'), 'Host of the GitLab server.', { default: 'gitlab.com' }),
    project_id: attribute(int(1, Number.MAX_SAFE_INTEGER), 'One project.'),
    group_id: attribute(int(1, Number.MAX_SAFE_INTEGER), 'All projects of a group.'),
    url: attribute(form('url'), 'Base URL of the server.', { defaultDoc: 'https:// and the server' }),
    ca_file: attribute(form('path'), 'Certificate authority of the server.'),
    api_token_secret: attribute(secret, 'API token.', {
      defaultDoc: 'gitlab/{server}/{egg}/api-token, else gitlab/{server}/default/api-token',
    }),
    token_secret: attribute(secret, 'Token of the runner.', {
      defaultDoc: 'gitlab/{server}/{egg}/runner-token',
    }),
    webhook_secret: attribute(secret, 'Secret of the webhook.', {
      defaultDoc: 'gitlab/{server}/{egg}/webhook-secret',
    }),
  },
  exactlyOne: ['project_id', 'group_id'],
} as const;

const gitlab = block({ doc: 'The project or group whose jobs are run.', required: true, ...gitlabScope });

const variables = block({
  doc: 'Environment of the runners. A reference to a secret is resolved only on the runner.',
  isFilled: true,
  free: environment,
});

const type = attribute(
  oneOf('vm', 'serverless', 'auto'),
  'Kind of the runners; auto decides per job by its expected duration.',
  { required: true },
);

/** `egg "name"`: a runner pool for one project or one group. */
export const egg = block({
  doc: 'A runner pool for one GitLab project or group.',
  labels: 1,
  repeat: 'label',
  isNamed: true,
  attributes: { type },
  blocks: { cloud, resources, runner, gitlab, environment: variables },
});

const repo = block({
  doc: 'One project or group of the bucket.',
  labels: 1,
  repeat: 'label',
  required: true,
  blocks: { gitlab },
});

/** `eggsbucket "name"`: one runner pool for several projects and groups. */
export const eggsbucket = block({
  doc: 'A runner pool shared by several GitLab projects and groups.',
  labels: 1,
  repeat: 'label',
  isNamed: true,
  attributes: { type },
  blocks: {
    cloud,
    resources,
    runner,
    environment: variables,
    repositories: block({ doc: 'The projects and groups.', required: true, blocks: { repo } }),
  },
});

/** `job "name"`: a self-management job. */
export const job = block({
  doc: 'A job of our own that runs on a schedule.',
  labels: 1,
  repeat: 'label',
  isNamed: true,
  attributes: {
    schedule: attribute({ kind: 'cron', mostPerHour: 12 }, 'When it runs, in UTC.', { required: true }),
    script: attribute(text, 'What it runs.', { required: true }),
  },
  blocks: {
    runner: block({
      doc: 'The runner it needs.',
      isFilled: true,
      attributes: {
        type: attribute(oneOf('vm', 'serverless', 'auto'), 'Kind of the runner.', { default: 'auto' }),
        tags: attribute(textSet, 'Tags of the runner.', { default: [] }),
      },
    }),
    on_failure: block({
      doc: 'What happens when it fails.',
      isFilled: true,
      attributes: { notify: attribute(texts, 'Whom to tell, besides notifications.', { default: [] }) },
    }),
  },
});
