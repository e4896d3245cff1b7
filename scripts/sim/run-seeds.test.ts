import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const run = promisify(execFile);

it('runs the seeds it is asked for and says how many failed', async () => {
  const { stdout } = await run(process.execPath, [main, '--seeds', '1', '--seed', '7', '--mode', 'safety']);

  expect(stdout).toMatch(/^1 seeds run, 0 failed, in [\d.]+ s\n$/);
});

it.each([['--seeds', '0'], ['--seed', 'x'], ['--mode', 'speed'], ['--sedes', '1'], ['3']])(
  'does not guess what %s %s may mean',
  async (...args) => {
    await expect(
      run(process.execPath, [main, ...args.filter((arg) => arg !== undefined)]),
    ).rejects.toMatchObject({ code: 64 });
  },
);
