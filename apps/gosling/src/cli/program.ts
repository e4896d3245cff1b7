import { Command as Commander, Option } from 'commander';
import { goslingVersion } from '../version.ts';
import type { CommandInput, CommandSpec, OptionSpec } from './command.ts';
import { groups } from './groups.ts';

export interface Call {
  readonly spec: CommandSpec;
  readonly input: CommandInput;
}

export interface ParsedFlags {
  readonly json: boolean;
  readonly offline: boolean;
  readonly debug: boolean;
}

/**
 * The command line as commander knows it. `onCall` gets the one command that was named; nothing runs here, and no
 * command's code is loaded.
 */
export function buildProgram(
  specs: readonly CommandSpec[],
  onCall: (call: Call, flags: ParsedFlags) => void,
): Commander {
  const program = new Commander('gosling')
    .description('GitLab CI runners by GitOps: what the Nest says, MotherGoose keeps running.')
    .version(`gosling ${goslingVersion}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .option('--json', 'print data as JSON')
    .option('--offline', 'use no network')
    .option('--debug', 'print full causes of failures')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      '\nExamples:\n  gosling demo\n  gosling init && gosling add egg my-app\n  gosling why https://gitlab.com/group/app/-/jobs/123\n',
    )
    .exitOverride();
  const parents = new Map<string, Commander>();
  for (const spec of specs) {
    const words = spec.path.split(' ');
    const name = words.at(-1) ?? spec.path;
    const group = words.slice(0, -1).join(' ');
    const parent = group === '' ? program : groupOf(program, parents, group);
    const command = parent.command(name);
    // `explain CODE` is a command and has `explain egg` below it.
    parents.set(spec.path, command);
    describe(command, spec);
    command.action(() => {
      const flags = program.opts();
      onCall(
        { spec, input: readInput(command, spec) },
        { json: flags['json'] === true, offline: flags['offline'] === true, debug: flags['debug'] === true },
      );
    });
  }
  return program;
}

function groupOf(program: Commander, parents: Map<string, Commander>, name: string): Commander {
  const known = parents.get(name);
  if (known !== undefined) return known;
  const group = program
    .command(name)
    .description(groups[name] ?? name)
    .helpCommand(false);
  parents.set(name, group);
  return group;
}

function describe(command: Commander, spec: CommandSpec): void {
  command.description(spec.details === undefined ? spec.summary : `${spec.summary}\n\n${spec.details}`);
  command.summary(spec.summary);
  for (const { name, about } of spec.arguments ?? []) {
    command.argument(name.startsWith('[') ? name : `<${name}>`, about);
  }
  for (const option of spec.options ?? []) command.addOption(toOption(option));
  const examples = spec.examples.map((example) => `  ${example}`).join('\n');
  command.addHelpText('after', `\nExamples:\n${examples}\n`);
}

function toOption(spec: OptionSpec): Option {
  const flags = spec.flags.replace(/ (\S+)$/, ' <$1>');
  const option = new Option(flags, spec.about);
  if (spec.choices !== undefined) option.choices([...spec.choices]);
  if (spec.fallback !== undefined) option.default(spec.fallback);
  if (spec.repeats === true) {
    option.argParser((value: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), value]);
  }
  return option;
}

function readInput(command: Commander, spec: CommandSpec): CommandInput {
  const options: Readonly<Record<string, unknown>> = command.opts();
  const places = (spec.arguments ?? []).map(({ name }) => name.replace(/[[\].]/g, ''));
  const valuesOf = (name: string) => toTexts(command.processedArgs[places.indexOf(name)]);
  const texts = (option: string) => toTexts(options[camelCase(option)]);
  return {
    argument: (name) => valuesOf(name)[0] ?? '',
    arguments: valuesOf,
    text: (option) => texts(option)[0],
    texts,
    flag: (option) => options[camelCase(option)] === true,
  };
}

function toTexts(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function camelCase(option: string): string {
  return option.replace(/-([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}
