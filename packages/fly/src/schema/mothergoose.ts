import { attribute, block, bool, cron, int, mib, oneOf, text, textSet, texts } from './types.ts';

const python = 'one image serves every component; set image instead';
const name = attribute(text, 'Name in the cloud.');
const type = attribute(text, 'Service of the cloud that is used.');
const serviceAccount = attribute(text, 'Service account or role it runs as.');

/** What stands for the environment names of the original. */
const environmentNames = [
  [/^CELERY_/, 'the queue is set by GOSLING_QUEUE and GOSLING_QUEUE_URL'],
  [/^DATABASE_TYPE$/, 'GOSLING_STORE stands for it'],
  [/^MESSAGE_QUEUE_TYPE$/, 'GOSLING_QUEUE stands for it'],
  [/^SECRET_BACKEND$/, 'GOSLING_SECRETS stands for it'],
  [/^LOG_LEVEL$/, 'GOSLING_LOG_LEVEL stands for it'],
] as const;

const env = block({
  doc: 'Environment variables.',
  free: { kind: 'environment' },
  freeDeprecated: environmentNames.map(([name, advice]) => ({ name, advice })),
});

const component = {
  attributes: {
    type,
    name,
    runtime: attribute(text, 'Runtime of a function.', { deprecated: python }),
    memory: attribute(mib, 'Memory; a number counts MiB.'),
    timeout: attribute(int(1, 3600), 'Seconds one request may take.'),
    min_instances: attribute(int(0, 1000), 'Instances kept running.'),
    max_instances: attribute(int(1, 1000), 'Instances at most.'),
    image: attribute(text, 'Container image.'),
    command: attribute(texts, 'Command of the container.', {
      deprecated: 'the component decides what its image runs',
    }),
    service_account: serviceAccount,
  },
  blocks: {
    env,
    scaling: block({
      doc: 'Scaling by a measure.',
      attributes: {
        metric: attribute(text, 'What is measured, e.g. queue_depth.'),
        target_value: attribute(int(0, 1_000_000), 'Value that scaling aims at.'),
        scale_up_threshold: attribute(int(0, 1_000_000), 'Above it instances are added.'),
        scale_down_threshold: attribute(int(0, 1_000_000), 'Below it instances are removed.'),
      },
      ordered: [['scale_down_threshold', 'scale_up_threshold']],
    }),
  },
  ordered: [['min_instances', 'max_instances']],
} as const;

const apiGateway = block({
  doc: 'The gateway in front of the API.',
  attributes: {
    type,
    name,
    openapi_spec: attribute(text, 'File with the routes.', {
      deprecated: 'the routes come from the API itself (GET /openapi.json)',
    }),
  },
  blocks: {
    auth_function: block({
      doc: 'Function that checks webhooks.',
      deprecated: 'the service itself checks every request',
      attributes: {
        name,
        runtime: attribute(text, 'Runtime of the function.', { deprecated: python }),
        handler: attribute(text, 'Entry of the function.', { deprecated: python }),
        memory: attribute(mib, 'Memory; a number counts MiB.'),
        timeout: attribute(int(1, 3600), 'Seconds one call may take.'),
      },
      blocks: { env },
    }),
    cors: block({
      doc: 'Which web pages may call the API.',
      attributes: {
        allowed_origins: attribute(textSet, 'Origins.'),
        allowed_methods: attribute(textSet, 'Methods.'),
        allowed_headers: attribute(textSet, 'Headers.'),
      },
    }),
  },
});

const queue = {
  attributes: {
    name,
    visibility_timeout: attribute(int(0, 43_200), 'Seconds a received message stays hidden.'),
    message_retention: attribute(int(60, 1_209_600), 'Seconds a message is kept.'),
    max_receives: attribute(int(1, 1000), 'Receipts before a message goes to the dead letters.'),
    dead_letter_queue: attribute(text, 'Name of the queue for dead letters.'),
  },
} as const;

const messageQueues = block({
  doc: 'The queues.',
  attributes: { type },
  blocks: {
    webhook_queue: block({ doc: 'Work that webhooks cause.', ...queue }),
    uglyfox_queue: block({ doc: 'Work of UglyFox.', ...queue }),
    dead_letter_queue: block({ doc: 'Messages that failed for good.', repeat: 'list', ...queue }),
  },
});

const trigger = {
  attributes: {
    type,
    name,
    schedule: attribute(cron, 'When it fires, in UTC.'),
    target_function: attribute(text, 'Component that is called.'),
    endpoint: attribute(text, 'Route that is called.'),
    method: attribute(oneOf('GET', 'POST', 'PUT', 'DELETE'), 'Method of the call.'),
    service_account: serviceAccount,
  },
} as const;

const triggers = block({
  doc: 'Clocks of the cloud that call the API.',
  blocks: {
    git_sync: block({ doc: 'Reads the Nest.', ...trigger }),
    health_check: block({ doc: 'Prunes runners.', ...trigger }),
    metrics_collection: block({ doc: 'Collects metrics.', ...trigger }),
  },
});

const table = block({
  doc: 'One table.',
  attributes: {
    name,
    primary_key: attribute(texts, 'Columns of the key.'),
    columns: attribute({ kind: 'list', of: { kind: 'map', of: text } }, 'The columns.'),
  },
  blocks: {
    global_secondary_index: block({
      doc: 'One index.',
      repeat: 'list',
      attributes: {
        name,
        partition_key: attribute(text, 'Column that is looked up.'),
        sort_key: attribute(text, 'Column that sorts.'),
      },
    }),
  },
});

const database = block({
  doc: 'The store.',
  attributes: { type, name, mode: attribute(text, 'How the store is paid for, e.g. serverless.') },
  blocks: {
    tables: block({
      doc: 'The tables.',
      deprecated: 'the tables are made by the migrations of the store',
      anyBlock: table,
    }),
  },
});

const bucket = {
  attributes: { name, versioning: attribute(bool, 'Keep earlier versions of objects.') },
  blocks: {
    lifecycle_rules: block({
      doc: 'When objects are removed.',
      anyBlock: block({
        doc: 'One rule.',
        attributes: { expiration_days: attribute(int(1, 36_500), 'Days after which objects are removed.') },
      }),
    }),
  },
} as const;

const storage = block({
  doc: 'Buckets for states, bundles and binaries.',
  attributes: { type },
  blocks: {
    state_bucket: block({ doc: 'States of OpenTofu.', ...bucket }),
    binary_bucket: block({ doc: 'Binaries and mirrors.', ...bucket }),
  },
});

const serviceAccounts = block({
  doc: 'Accounts that components run as.',
  anyBlock: block({
    doc: 'One account.',
    attributes: { name, roles: attribute(textSet, 'Roles of the account.') },
  }),
});

/** `mothergoose`: what `gosling deploy` makes. */
export const mothergoose = block({
  doc: 'Infrastructure of MotherGoose and UglyFox.',
  blocks: {
    cloud: block({
      doc: 'Cloud of the services, and of Eggs that name none.',
      attributes: {
        provider: attribute(oneOf('aws', 'yandex', 'local'), 'The cloud.', { required: true }),
        region: attribute(text, 'Region of the provider.'),
      },
    }),
    api_gateway: apiGateway,
    api: block({ doc: 'MotherGoose, the API.', ...component }),
    workers: block({ doc: 'MotherGoose, the workers.', ...component }),
    uglyfox: block({ doc: 'UglyFox.', ...component }),
    message_queues: messageQueues,
    triggers,
    database,
    storage,
    service_accounts: serviceAccounts,
  },
  aliases: { fastapi_app: 'api', celery_workers: 'workers', uglyfox_workers: 'uglyfox' },
});
