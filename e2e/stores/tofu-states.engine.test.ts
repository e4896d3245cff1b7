import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { env } from 'node:process';
import { Secret } from '@polar-gosling/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TofuOptions } from '../../adapters/tofu/src/create-tofu.ts';
import { signalQuietly } from '../../adapters/tofu/src/process-identity.ts';
import {
  anEntry,
  bring,
  clock,
  copyComputeWithHold,
  createBench,
  eventually,
  findTestTofu,
  listNames,
  never,
  noTofuReason,
  openRun,
  wants,
  writeFakeTofu,
} from '../../adapters/tofu/src/test-bench.ts';
import { createStateBench, noS3Reason, type StateBench } from './state-bench.ts';

const program = findTestTofu() ?? '';
const call = { signal: never };
const key = 'tofu-states/web/terraform.tfstate';
const wanted = wants([anEntry({ runner_id: 'canary', bootstrap_token: 'bt-of-the-canary' })]);
const timeoutMs = 120_000;

const open = (at: StateBench, more: Partial<TofuOptions> = {}) =>
  createBench(program, { states: at.states, encryption: at.encryption, blobs: at.blobs, ...more });

async function textAt({ blobs }: StateBench, at: string): Promise<string> {
  return Buffer.from((await blobs.read(at, call)) ?? '').toString('utf8');
}

describe('states in a bucket, by the real OpenTofu', () => {
  beforeEach(({ skip }) => {
    skip(!program.includes('tofu'), noTofuReason);
    skip(env['POLAR_S3_URL'] === undefined, noS3Reason);
  });

  it(
    'are not held up by a lock that a command made and did not hear of',
    async () => {
      await using at = await createStateBench();
      await using bench = open(at, { limits: { lockTimeoutMs: 1_000 } });
      const { run } = await openRun(bench.tofu, wanted);

      at.loseLockAnswer();
      const plan = await run.plan(call);
      at.loseLockAnswer();
      const outcome = await run.apply(call);
      await run.dispose();

      expect(plan.summary.add).toBe(1);
      expect(outcome).toMatchObject({ kind: 'ok', applied: [bench.tofu.addressOf('canary')] });
      expect(await at.blobs.list('tofu-states/', 9, call)).toEqual([key]);
    },
    timeoutMs,
  );

  it(
    'are left alone where somebody else holds the lock, also from this host before',
    async () => {
      await using at = await createStateBench();
      await using bench = open(at, { limits: { lockTimeoutMs: 1_000 } });
      const created = new Date(clock.now() - 1_000).toISOString();
      const lock = { ID: 'x', Operation: 'plan', Who: `me@${bench.tofu.host.name}`, Created: created };
      await at.blobs.write(`${key}.tflock`, Buffer.from(JSON.stringify(lock)), call);

      await expect(bring(bench.tofu, wanted)).rejects.toMatchObject({ code: 'TOFU_LOCKED' });

      expect(await at.blobs.list('tofu-states/', 9, call)).toEqual([`${key}.tflock`]);
    },
    timeoutMs,
  );

  it(
    'are made, changed and emptied there, and leave neither a lock nor a file here',
    async () => {
      await using at = await createStateBench();
      await using bench = open(at);

      const made = await bring(bench.tofu, wanted);
      const other = await bring(bench.tofu, wants([anEntry({ runner_id: 'r2' })], 1));
      const again = await bring(bench.tofu, wanted);
      const removed = await bring(bench.tofu, wants([]));

      expect(made.outcome).toMatchObject({
        kind: 'ok',
        applied: [bench.tofu.addressOf('canary')],
        serial: 1,
      });
      expect(other.outcome).toMatchObject({ kind: 'ok' });
      expect(again.plan.hasChanges).toBe(false);
      expect(removed.outcome).toMatchObject({ kind: 'ok', removed: [bench.tofu.addressOf('canary')] });
      expect(await at.blobs.list('tofu-states/', 10, call)).toEqual([
        'tofu-states/web/1/terraform.tfstate',
        key,
      ]);
      expect(existsSync(join(bench.dataDir, key))).toBe(false);
      expect(listNames(join(bench.dataDir, 'runs'))).toEqual([]);
    },
    timeoutMs,
  );

  it(
    'hold nothing in clear, no more than plans do, and credentials are for the run alone',
    async () => {
      await using at = await createStateBench();
      await using bench = open(at);
      await using plain = createBench(program, { encryption: async () => new Secret('') });
      const { run, runId } = await openRun(bench.tofu, wanted);
      const runDir = join(bench.dataDir, 'runs', runId);

      const plan = await run.plan(call);
      const planFile = readFileSync(join(runDir, 'tfplan'), 'latin1');
      const credentials = statSync(join(runDir, 'state-credentials'));
      await run.apply(call);
      const log = Buffer.from(run.log()).toString('utf8');
      await run.dispose();
      await bring(plain.tofu, wanted);

      const state = await textAt(at, key);
      expect(readFileSync(join(plain.dataDir, key), 'utf8')).toContain('canary');
      expect(plan.changes.some(({ runnerId }) => runnerId === 'canary')).toBe(true);
      expect(JSON.parse(planFile)).toMatchObject({ encrypted_data: expect.any(String) });
      expect(JSON.parse(state)).toMatchObject({ serial: 1, encrypted_data: expect.any(String) });
      for (const text of [planFile, state]) expect(text).not.toMatch(/canary|polartestsecret|passphrase/);
      expect(log).not.toContain('polartestsecret');
      expect(credentials.mode & 0o777).toBe(0o600);
      expect(existsSync(runDir)).toBe(false);
    },
    timeoutMs,
  );

  it(
    'keep a lock of this host that is older than the plan that was killed',
    async () => {
      await using at = await createStateBench();
      await using bench = open(at);
      const created = new Date(clock.now() - 1_000).toISOString();
      const lock = { ID: 'x', Operation: 'apply', Who: `me@${bench.tofu.host.name}`, Created: created };
      await at.blobs.write(`${key}.tflock`, Buffer.from(JSON.stringify(lock)), call);
      const { run, pids } = await openRun(bench.tofu, wanted);
      const planned = run.plan(call).catch((error: unknown) => error);
      await eventually(async () => pids[1], 'the plan after the init');

      signalQuietly(pids[1] ?? 0, 'SIGKILL');

      expect(await planned).toMatchObject({
        code: 'TOFU_PLAN_FAILED',
        message: expect.stringContaining('SIGKILL'),
      });
      await run.dispose();
      expect(await at.blobs.list('tofu-states/', 9, call)).toEqual([`${key}.tflock`]);
    },
    timeoutMs,
  );

  it(
    'are worked on by one apply at a time',
    async () => {
      await using at = await createStateBench();
      await using bench = open(at);
      const limits = { lockTimeoutMs: 1_000 };
      const tofu = bench.reopen({ computeDir: copyComputeWithHold(bench.dir), limits });
      const hold = join(bench.dataDir, 'hold');
      writeFileSync(hold, '');
      const first = await openRun(tofu, wanted);
      await first.run.plan(call);
      const applied = first.run.apply(call);
      await eventually(async () => (await textAt(at, `${key}.tflock`)) || undefined, 'the lock');

      const second = await openRun(tofu, wanted);
      const refused = await second.run.plan(call).catch((error: unknown) => error);
      rmSync(hold);
      const outcome = await applied;

      const { bucket, prefix } = at.states.bucket;
      expect(refused).toMatchObject({
        code: 'TOFU_LOCKED',
        params: { path: `${bucket}/${prefix}/${key}` },
      });
      expect(outcome).toMatchObject({ kind: 'ok' });
      await first.run.dispose();
      await second.run.dispose();
    },
    timeoutMs,
  );

  it(
    'are freed of the lock of a killed apply only with a proof that it is gone',
    async () => {
      await using at = await createStateBench();
      await using bench = open(at);
      const tofu = bench.reopen({ computeDir: copyComputeWithHold(bench.dir) });
      const hold = join(bench.dataDir, 'hold');
      writeFileSync(hold, '');
      const { run, runId, pids } = await openRun(tofu, wanted);
      await run.plan(call);
      const applied = run.apply(call);
      await eventually(async () => (await textAt(at, `${key}.tflock`)) || undefined, 'the lock');
      const { name: host, bootId } = tofu.host;
      const left = { runId, egg: 'web', shard: 0, host, bootId, pid: pids.at(-1), hardEndAt: clock.now() };
      const early = { ...left, host: 'elsewhere', hardEndAt: clock.now() - 50_000 };

      const beforeItsEnd = await tofu.settle(early, call);
      signalQuietly(pids.at(-1) ?? 0, 'SIGKILL');
      await applied;
      rmSync(hold);
      const ofAnother = await tofu.settle({ ...early, runId: 'x', hardEndAt: clock.now() - 61_000 }, call);
      const lockThen = await textAt(at, `${key}.tflock`);
      const settled = await tofu.settle(left, call);
      const lockAfter = await textAt(at, `${key}.tflock`);
      const after = await bring(tofu, wanted);

      expect([beforeItsEnd, ofAnother, settled]).toEqual(['alive', 'settled', 'settled']);
      expect([lockThen === '', lockAfter]).toEqual([false, '']);
      expect(after.outcome).toMatchObject({ kind: 'ok' });
    },
    timeoutMs,
  );

  it(
    'wait on this host while the bucket takes none, and are taken up before the next plan',
    async () => {
      await using at = await createStateBench();
      await using bench = open(at);
      const { run } = await openRun(bench.tofu, wanted);
      await run.plan(call);
      at.failWrites(true);

      const outcome = await run.apply(call);
      await run.dispose();
      at.failWrites(false);
      const stateBefore = await textAt(at, key);
      const { plan } = await bring(bench.tofu, wanted);
      const after = await bring(bench.tofu, wants([]));

      expect(outcome).toMatchObject({ kind: 'failed', applied: [bench.tofu.addressOf('canary')] });
      expect(stateBefore).toBe('');
      expect(plan.hasChanges).toBe(false);
      expect(existsSync(join(bench.dataDir, 'errored', key))).toBe(false);
      // What we wrote in its place can be read after OpenTofu has written over it.
      expect(after.outcome).toMatchObject({ kind: 'ok', serial: expect.any(Number) });
    },
    timeoutMs,
  );

  it(
    'are read with an earlier passphrase and written with the one in force',
    async () => {
      await using at = await createStateBench();
      await using bench = open(at);
      await bring(bench.tofu, wanted);
      const ring = JSON.parse((await at.secrets.read('store/state-keys', call))?.reveal() ?? '');
      const keys = { ...ring.keys, k2: 'another-passphrase-of-some-length' };
      await at.secrets.write('store/state-keys', new Secret(JSON.stringify({ active: 'k2', keys })), call);

      const again = await bring(bench.tofu, wanted);
      await bring(bench.tofu, wants([]));
      const only = { active: 'k2', keys: { k2: keys.k2 } };
      await at.secrets.write('store/state-keys', new Secret(JSON.stringify(only)), call);
      const withNewOnly = await bring(bench.tofu, wants([]));
      const wrong = { active: 'k2', keys: { k2: 'not-the-passphrase-it-was' } };
      await at.secrets.write('store/state-keys', new Secret(JSON.stringify(wrong)), call);
      const withWrong = bring(bench.tofu, wanted);

      await expect(withWrong).rejects.toMatchObject({
        code: 'TOFU_STATE_UNREADABLE',
        message: expect.stringContaining('store/state-keys'),
      });
      expect([again.plan.hasChanges, withNewOnly.plan.hasChanges]).toEqual([false, false]);
    },
    timeoutMs,
  );

  it.each([
    ['encrypted', undefined],
    ['in clear, of an earlier release', async () => new Secret('')],
  ] as const)(
    'take over a state of the data directory that is %s',
    async (_form, before) => {
      await using at = await createStateBench();
      await using bench = open(at);
      await bring(bench.reopen({ states: undefined, encryption: before ?? at.encryption }), wanted);

      const { plan } = await bring(bench.tofu, wanted);
      const { outcome } = await bring(bench.tofu, wants([]));

      expect(plan.hasChanges).toBe(false);
      expect(outcome).toMatchObject({ kind: 'ok', removed: [bench.tofu.addressOf('canary')] });
      expect(JSON.parse(await textAt(at, key))).toMatchObject({ encrypted_data: expect.any(String) });
      expect(listNames(dirname(join(bench.dataDir, key)))).toEqual(['terraform.tfstate.moved']);
    },
    timeoutMs,
  );

  it('are not given to Terraform, which would write them in clear', async () => {
    await using at = await createStateBench();
    await using bench = open(at);
    mkdirSync(join(bench.dir, 'bin'));
    const bin = writeFakeTofu(join(bench.dir, 'bin'), 'exit 0');
    writeFileSync(bin, readFileSync(bin, 'utf8').replace('OpenTofu v1.12.6', 'Terraform v1.11.4'));
    const find = { bin, environment: {}, allowTerraform: true };

    const taken = await bench.reopen({ find, states: undefined }).tool(call);
    const refused = bench.reopen({ find }).tool(call);

    await expect(refused).rejects.toMatchObject({ code: 'TOFU_MISSING' });
    expect(taken.product).toBe('terraform');
  });
});
