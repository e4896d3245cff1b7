import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, expect, it } from 'vitest';
import { endWorld } from './support/end-world.ts';
import { watchEngines } from './support/engine-canaries.ts';
import { jobsEnded, registered } from './support/jobs.ts';
import { tapServer } from './support/tap.ts';
import { createWorld, localEgg, publicHere, until, type World } from './support/world.ts';

const addresses = {
  dynamodb: process.env['POLAR_DYNAMODB_URL'],
  sqs: process.env['POLAR_SQS_URL'],
  s3: process.env['POLAR_S3_URL'],
  secrets: process.env['POLAR_AWS_URL'],
};
const missing = Object.entries(addresses).flatMap(([name, url]) => (url ? [] : [name]));
const credentials = { accessKeyId: 'polartest', secretAccessKey: 'polartestsecret' };
const region = 'us-east-1';
const mark = `e${randomBytes(5).toString('hex')}`;

interface Seen {
  readonly id: string;
  readonly result: string;
  readonly detail: string;
}

const worlds: World[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await endWorld(world);
});

/** What a user sees of one job from its push to the removal of its runner. */
async function runOneJob(env: Record<string, string>) {
  const world = await createWorld();
  worlds.push(world);
  const ciYaml = 'work:\n  tags: [way]\n  script:\n    - echo done\n';
  const { id: projectId } = world.sim.addProject({ path: 'team/way', ciYaml, members: { ada: 'owner' } });
  const runner = '    concurrent   = 2\n    idle_timeout = "2s"';
  await world.pushNest({
    'Eggs/way/config.fly': localEgg(world, { name: 'way', projectId, tags: ['way'], runner }),
  });
  const reference = `gitlab/${world.server.replaceAll(':', '_')}/default/api-token`;
  const put = await world.cli(['secret', 'put', reference], { stdin: world.apiToken, env });
  expect(put, put.stderr).toMatchObject({ code: 0 });
  const up = await world.up({ ...env, ...publicHere(world) });
  await registered(world);

  world.sim.push(projectId);
  const jobs = await jobsEnded(world, projectId);
  const ended = await until('the runner is pruned and removed', async () => {
    const { body } = await world.api('/runners?state=terminated');
    return body.items?.[0];
  });
  const { body: audit } = await world.api('/audit?limit=100');
  const { body: eggs } = await world.api('/eggs');
  const at = { ...env, GOSLING_NEST_GITLAB_URL: world.gitlabUrl };
  const doctor = await world.cli(['doctor', '--json'], { env: at });
  const code = await up.kill('SIGTERM');
  const { checks } = JSON.parse(doctor.stdout) as {
    checks: { id: string; result: string; detail: string }[];
  };
  return {
    world,
    checks,
    doctorCode: doctor.code,
    seen: {
      code,
      jobs: jobs.map(({ status }) => status),
      runner: { state: ended.state, egg: ended.egg_name },
      eggs: eggs.items.map((egg: { name: string; status: string }) => [egg.name, egg.status]),
      audit: actionsOf(audit.items),
      hooks: world.sim.hooks(projectId).length,
      violations: world.sim.violations,
    },
  };
}

/** Without what an agent happened to be at when it reported: its reports come every few seconds. */
function actionsOf(items: readonly { action: string }[]): string[] {
  const actions = new Set(items.map(({ action }) => action).filter((action) => !action.startsWith('agent_')));
  return [...actions].toSorted();
}

/** Tokens that other tests have left in the shared Secrets Manager are of servers that are gone. */
function failedOf({ checks, world }: { checks: readonly Seen[]; world: World }): string[] {
  const isOurs = ({ id }: Seen) => !id.includes('API token') || id.endsWith(world.server);
  return checks
    .filter((check) => check.result === 'fail' && isOurs(check))
    .map(({ id, detail }) => `${id}: ${detail}`);
}

/** A queue and a bucket of this test's own; tables and secrets are made by the program. */
async function otherEngines(
  name = mark,
  queueEndpoint = addresses.sqs ?? '',
): Promise<Record<string, string>> {
  const s3 = new S3Client({ endpoint: addresses.s3 ?? '', region, credentials, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: name }));
  s3.destroy();
  const sqs = new SQSClient({ endpoint: addresses.sqs ?? '', region, credentials });
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  sqs.destroy();
  return {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: region,
    GOSLING_STORE: 'dynamodb',
    GOSLING_STORE_ENDPOINT: addresses.dynamodb ?? '',
    GOSLING_STORE_PREFIX: `${name}-`,
    GOSLING_QUEUE: 'sqs',
    GOSLING_QUEUE_URL: new URL(new URL(QueueUrl).pathname, queueEndpoint).href,
    GOSLING_QUEUE_ENDPOINT: queueEndpoint,
    GOSLING_BLOBS: `s3://${name}/some/prefix`,
    GOSLING_BLOBS_ENDPOINT: addresses.s3 ?? '',
    GOSLING_SECRETS: 'aws-sm',
    GOSLING_SECRETS_ENDPOINT: addresses.secrets ?? '',
  };
}

it('is the same program on DynamoDB, SQS, S3 and Secrets Manager', { timeout: 300_000 }, async (context) => {
  if (missing.length > 0) context.skip(`no address of ${missing.join(', ')} (scripts/engines starts them)`);
  const embedded = await runOneJob({});
  await using messages = await tapServer(addresses.sqs ?? '');
  const other = await runOneJob(await otherEngines(mark, messages.url));

  expect(other.seen).toEqual(embedded.seen);
  expect(other.seen).toMatchObject({
    code: 0,
    jobs: ['success'],
    runner: { state: 'terminated' },
    violations: [],
  });
  expect(failedOf(embedded), 'gosling doctor').toEqual([]);
  expect(failedOf(other), 'gosling doctor').toEqual([]);
  expect(other.checks.map(({ id }) => id)).toEqual(
    expect.arrayContaining(['store.reach', 'store.dialect', 'queue.queue reach', 'blobs.conditional writes']),
  );
  // Nothing of the state lies on this machine.
  const { dataDir } = other.world;
  expect(existsSync(join(embedded.world.dataDir, 'gosling.db'))).toBe(true);
  expect(existsSync(join(dataDir, 'gosling.db'))).toBe(false);
  expect(existsSync(join(dataDir, 'blobs'))).toBe(false);
  const s3 = new S3Client({ endpoint: addresses.s3 ?? '', region, credentials, forcePathStyle: true });
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: mark }));
  s3.destroy();
  expect(
    Contents.map(({ Key }) => Key).some((key) => /^some\/prefix\/runs\/.+\/log\.jsonl$/.test(key ?? '')),
  ).toBe(true);
  // Its secrets are canaries wherever its processes left something: the end of the world looks for them.
  const { canaries } = other.world;
  const looked = await watchEngines(canaries, {
    ...{ region, credentials, tables: `${mark}-`, bucket: mark, server: other.world.server },
    ...{ secrets: addresses.secrets ?? '', dynamodb: addresses.dynamodb ?? '', s3: addresses.s3 ?? '' },
  });
  canaries.note('messages of SQS', messages.text());
  canaries.plant('clouds/aws/own-secret-access-key', credentials.secretAccessKey);
  const ends = ['/api-token', '/runner-token', '/webhook-secret', 'store/keyring', 'api-keys/cli-admin'];
  const met = [...canaries.known()];
  expect(ends.filter((end) => !met.some((reference) => reference.endsWith(end)))).toEqual([]);
  expect(looked).toEqual({ rows: expect.any(Number), objects: Contents.length });
  expect(looked.rows).toBeGreaterThan(0);
  expect(messages.text()).toContain('"MessageBody"');
});

it('says in the doctor what of other engines does not answer, and what to do', async (context) => {
  if (missing.length > 0) context.skip(`no address of ${missing.join(', ')} (scripts/engines starts them)`);
  const world = await createWorld();
  worlds.push(world);
  const env = {
    ...(await otherEngines(`${mark}-2`)),
    GOSLING_BLOBS: `s3://${mark}-none`,
    GOSLING_STORE_ENDPOINT: 'http://127.0.0.1:9',
    GOSLING_QUEUE_URL: `${addresses.sqs}/000000000000/${mark}-none`,
    AWS_SECRET_ACCESS_KEY: 'CANARY-of-the-doctor',
  };

  const doctor = await world.cli(['doctor', '--json'], { env });

  expect(doctor.code).toBe(1);
  expect(doctor.stdout + doctor.stderr).not.toContain('CANARY-of-the-doctor');
  const { checks } = JSON.parse(doctor.stdout) as { checks: { id: string; result: string; fix?: string }[] };
  const failed = checks.filter(({ result }) => result === 'fail');
  expect(failed.map(({ id }) => id.split('.')[0])).toEqual(
    expect.arrayContaining(['store', 'queue', 'blobs']),
  );
  for (const { id, fix } of failed) expect(fix, id).toMatch(/./);
});
