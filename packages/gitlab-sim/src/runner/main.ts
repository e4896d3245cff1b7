import { createSystemClock, createSystemIds, isCoded } from '@polar-gosling/kernel';
import { parseRunnerArguments } from './runner-arguments.ts';
import { createRunnerLog } from './runner-log.ts';
import { createSimRunner } from './sim-runner.ts';

// Entry of the process `sim-runner`: it speaks GitLab's runner protocol and runs jobs with the shell.

const clock = createSystemClock();
const log = createRunnerLog(clock, (line) => process.stderr.write(line));
try {
  const args = parseRunnerArguments(process.argv.slice(2));
  process.chdir(args.workingDirectory);
  const runner = createSimRunner(
    { ...args, workingDirectory: process.cwd() },
    { clock, ids: createSystemIds(clock), log },
  );
  process.on('SIGQUIT', () => runner.quit());
  process.on('SIGTERM', () => runner.shutDown());
  process.on('SIGINT', () => runner.shutDown());
  // gitlab-runner reads its configuration again; here every change is noticed anyway.
  process.on('SIGHUP', () => undefined);
  await runner.run();
} catch (error) {
  const code = isCoded(error) ? error.code : undefined;
  log('error', error instanceof Error ? error.message : String(error), { code });
  process.exitCode = 1;
}
