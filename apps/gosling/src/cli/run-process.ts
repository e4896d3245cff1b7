import { createMasker, createSystemClock, createSystemIds, isCoded } from '@polar-gosling/kernel';
import { CommanderError } from 'commander';
import { cliErrors } from '../cli-errors.ts';
import { type CliConfig, processEnvironment, readCliConfig } from '../config.ts';
import { type ExitCode, exitCodeOf, exitCodes } from '../exit-codes.ts';
import { createOutput, type Output } from '../output.ts';
import type { CliContext } from './command.ts';
import { commandTable } from './command-table.ts';
import { describeFailure } from './describe-failure.ts';
import { buildProgram, type Call, type ParsedFlags } from './program.ts';
import { createPrompter } from './prompter.ts';
import { watchSignals } from './signals.ts';

/** One run of the CLI: reads the process, runs the command, sets the exit code. */
export async function runProcess(argv: readonly string[]): Promise<void> {
  const env = processEnvironment();
  const cwd = process.cwd();
  const { config, problems } = readCliConfig(env, cwd);
  const output = createOutput(config);
  const masker = createMasker();
  let flags: ParsedFlags = wishedFlags(argv);
  try {
    const parsed = parse(argv, output);
    if (typeof parsed === 'number') {
      process.exitCode = parsed;
      return;
    }
    flags = parsed.flags;
    const mayRun = problems.length === 0 || parsed.call.spec.hasBadConfig === true;
    if (!mayRun) throw cliErrors.badConfig({ problems });
    process.exitCode = await runCall(parsed.call, {
      config,
      configProblems: problems,
      output,
      flags,
      env,
      cwd,
      masker,
    });
  } catch (error) {
    output.talk(describeFailure(error, { ...flags, style: output.talkStyle, masker }));
    process.exitCode = exitCodeOf(error);
  }
}

/** `--json` and `--debug` also hold for a command line that cannot be parsed. */
function wishedFlags(argv: readonly string[]): ParsedFlags {
  return { json: argv.includes('--json'), debug: argv.includes('--debug'), offline: false };
}

function parse(argv: readonly string[], output: Output): { call: Call; flags: ParsedFlags } | ExitCode {
  let found: { call: Call; flags: ParsedFlags } | undefined;
  const program = buildProgram(commandTable, (call, flags) => {
    found = { call, flags };
  });
  const talk = (text: string) => output.stderr.write(text);
  program.configureOutput({ writeOut: (text) => output.stdout.write(text), writeErr: talk });
  for (const command of [program, ...program.commands.flatMap((each) => [each, ...each.commands])]) {
    command.exitOverride().copyInheritedSettings(program);
  }
  try {
    if (argv.length === 0) program.outputHelp();
    else program.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
  return found ?? exitCodes.ok;
}

interface ProcessFacts
  extends Pick<CliContext, 'output' | 'env' | 'cwd' | 'flags' | 'masker' | 'configProblems'> {
  readonly config: CliConfig;
}

async function runCall({ spec, input }: Call, facts: ProcessFacts): Promise<ExitCode> {
  const clock = createSystemClock();
  const signals = watchSignals(spec.signals ?? 'abort');
  const { stdin, stderr } = process;
  const isOffline = facts.flags.offline || facts.config.isOffline;
  try {
    const { run } = await spec.load();
    return await run(
      {
        ...facts,
        flags: { ...facts.flags, offline: isOffline },
        commands: commandTable,
        prompter: createPrompter({ stdin, stderr, isCi: facts.config.isCi }),
        clock,
        ids: createSystemIds(clock),
        signal: signals.signal,
      },
      input,
    );
  } catch (error) {
    // Whatever an aborted command failed with, it failed because of the signal; one that ends by signals tells by itself.
    const isToldBySignal = spec.signals !== 'graceful' && signals.signal.aborted;
    if (isToldBySignal && !isCoded(error, 'CLI_USAGE')) {
      throw cliErrors.interrupted({}, { cause: error });
    }
    throw error;
  } finally {
    signals.stop();
  }
}
