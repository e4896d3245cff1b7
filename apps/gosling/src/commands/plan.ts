import type { Preview, PreviewEgg } from '@polar-gosling/api-contract';
import { connect } from '../api.ts';
import type { CliContext, Command } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { findNest, isTooBig, type NestText, readFlyFiles } from '../nest-files.ts';
import type { Output } from '../output.ts';
import { changeLines, runnerLines } from '../ui/config-changes.ts';
import { cleanLine } from '../ui/text.ts';
import { readCommit } from './plan/read-commit.ts';

const diagnosticsShown = 20;

/** `gosling plan`: what the working tree, or a commit, would create, change and kill. Changes nothing. */
export const run: Command = async (context, input) => {
  const { cwd, signal, output, flags } = context;
  const nest = await findNest(cwd);
  if (nest === undefined) throw cliErrors.notInNest({ path: cwd });
  const asked = input.text('commit');
  const commit = asked === undefined ? undefined : await readCommit(nest, asked, signal);
  const files = commit?.files ?? (await readFlyFiles(nest));
  const tooBig = files.find(isTooBig);
  if (tooBig !== undefined) {
    throw cliErrors.unreadable({ path: tooBig.path, reason: 'it is bigger than 1 MiB' });
  }
  const api = await connect(context, 'gosling plan');
  const body = { files: files.map(onlyText), ...(commit === undefined ? {} : { commit: commit.id }) };
  const preview = await api.call('previewNest', { body }, { signal });
  if (flags.json) output.json(preview);
  else print(context, preview);
  return exitCodeFor(preview, input.flag('detailed-exitcode'));
};

function onlyText({ path, text }: NestText): NestText {
  return { path, text };
}

function exitCodeFor(preview: Preview, isDetailed: boolean): ExitCode {
  if (preview.diagnostics.some(({ severity }) => severity === 'error')) return exitCodes.invalid;
  return isDetailed && hasChanges(preview) ? exitCodes.changes : exitCodes.ok;
}

function hasChanges({ eggs, changes_policies: policies }: Preview): boolean {
  return policies || eggs.some(({ change }) => change !== 'invalid');
}

function print({ output }: CliContext, preview: Preview): void {
  const against = preview.against === undefined ? '' : `, against commit ${preview.against.slice(0, 8)}`;
  for (const egg of preview.eggs) printEgg(output, egg);
  if (preview.changes_policies) output.data(`${output.dataStyle('yellow', '~')} the policies of UglyFox`);
  if (!hasChanges(preview)) output.data(`nothing changes${against}`);
  else output.data(`\n${count(preview)}, ${preview.unchanged} as they are${against}`);
  const errors = preview.diagnostics.filter(({ severity }) => severity === 'error');
  for (const one of errors.slice(0, diagnosticsShown)) {
    output.talk(cleanLine(`${one.file}:${one.line}:${one.column}: ${one.message} [${one.code}]`));
  }
  if (errors.length > 0) output.talk(`${errors.length} errors: gosling validate shows them whole`);
  for (const { why } of preview.held) {
    output.talk(`it would wait for gosling sync --confirm COMMIT: ${cleanLine(why)}`);
  }
}

const signs = { new: '+', changed: '~', removed: '-', invalid: '!' } as const;
const colours = { new: 'green', changed: 'yellow', removed: 'red', invalid: 'red' } as const;

function printEgg(output: Output, egg: PreviewEgg): void {
  const sign = output.dataStyle(colours[egg.change], signs[egg.change]);
  output.data(`${sign} ${egg.name}  ${egg.file}`);
  for (const line of linesOf(egg)) output.data(`    ${line}`);
}

function linesOf(egg: PreviewEgg): readonly string[] {
  switch (egg.change) {
    case 'new':
      return egg.launches === 0 ? ['starts without a runner'] : [`launches ${egg.launches} at once`];
    case 'invalid':
      return ['its file has errors: what is in force stays'];
    case 'removed': {
      const { replaced, drained, leaving } = egg.runners;
      const busy = drained.length === 0 ? '' : `, ${drained.length} of them after their jobs`;
      return [`${replaced.length + drained.length + leaving.length} runners are removed${busy}`];
    }
    case 'changed': {
      const pin = egg.ends_pin ? ['its pin ends'] : [];
      const runners = egg.replaces ? runnerLines(egg.runners) : ['no runner is replaced'];
      const launches = egg.launches === 0 ? [] : [`launches ${egg.launches} at once`];
      return [...changeLines(egg.changes), ...pin, ...runners, ...launches];
    }
  }
}

function count({ eggs }: Preview): string {
  const of = (change: PreviewEgg['change']) => eggs.filter((egg) => egg.change === change).length;
  return `${of('new')} new, ${of('changed')} changed, ${of('removed')} removed`;
}
