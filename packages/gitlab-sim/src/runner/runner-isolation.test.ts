import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aSim, type SimUnderTest } from '../testing/a-sim.ts';
import { type RunnerProcess, startRunner } from '../testing/runner-process.ts';

const wait = { timeout: 15_000, interval: 20 };
const isRoot = process.getuid?.() === 0;
const needsRoot = 'only root can change the user of a job';
let runner: RunnerProcess | undefined;
let tested: SimUnderTest | undefined;
let secrets: string | undefined;

afterEach(async () => {
  await runner?.dispose();
  await tested?.sim.close();
  if (secrets) rmSync(secrets, { recursive: true });
  [runner, tested, secrets] = [undefined, undefined, undefined];
});

async function runAs(user: string, script: string): Promise<{ trace: string; status: string }> {
  tested = await aSim({ ciYaml: `work:\n  tags: [linux]\n  script:\n    - |\n      ${script}\n` });
  const { sim } = tested;
  sim.runPipeline(tested.projectId);
  const { token } = await tested.newRunner();
  runner = startRunner({ url: tested.url, token, args: ['--user', user] });
  chmodSync(runner.directory, 0o711);
  await expect.poll(() => sim.jobs()[0]?.status, wait).toMatch(/success|failed/);
  return { trace: sim.jobs()[0]?.trace ?? '', status: sim.jobs()[0]?.status ?? '' };
}

describe('a job under another user', { timeout: 30_000 }, () => {
  beforeEach(({ skip }) => skip(!isRoot, needsRoot));

  it('runs as that user without root groups and owns its directory', async () => {
    const { trace } = await runAs('nobody', 'id -un; id -G; touch "$CI_PROJECT_DIR/file" && echo written');

    const groups = execFileSync('id', ['-g', 'nobody'], { encoding: 'utf8' }).trim();
    expect(trace).toContain(`nobody\n${groups}\nwritten\n`);
  });

  it('cannot read the configuration, the environment or a private file of the runner', async () => {
    secrets = mkdtempSync(join(tmpdir(), 'sim-secrets-'));
    writeFileSync(join(secrets, 'key'), 'the key', { mode: 0o600 });

    const { trace } = await runAs(
      'nobody',
      `for f in ${secrets}/key "$CI_PROJECT_DIR/../../../config.toml" /proc/[0-9]*/environ; do cat "$f" && echo "read $f"; done 2>&1 | tr '\\0' '\\n' || true`,
    );

    expect(trace).not.toContain('the key\n');
    expect(trace).not.toContain('token = "glrt-');
    expect(trace).not.toContain(`read ${secrets}`);
  });
});

describe('--user', { timeout: 30_000 }, () => {
  it('is refused for a user that does not exist', async ({ skip }) => {
    skip(!isRoot, needsRoot);
    runner = startRunner({ url: 'http://127.0.0.1:1', token: 'glrt-x', args: ['--user', 'no-such-user'] });

    expect(await runner.exited).toBe(1);
    expect(runner.lines().at(-1)).toMatchObject({ code: 'SIM_RUNNER_NO_SUCH_USER' });
  });
});
