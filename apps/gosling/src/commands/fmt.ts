import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { formatFly } from '@polar-gosling/fly';
import type { CliContext, Command } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { isWritable, type NestText, readFly, readFlyFiles } from '../nest-files.ts';
import { unifiedDiff } from './fmt/unified-diff.ts';

interface Wish {
  readonly isCheck: boolean;
  readonly isDiff: boolean;
}

interface Change {
  readonly full: string;
  /** As the person at the keyboard would name it. */
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** `gosling fmt [PATH…]`: the one canonical form; with `--check` and `--diff` nothing is written. */
export const run: Command = async (context, input) => {
  const paths = input.arguments('PATH');
  const wish = { isCheck: input.flag('check'), isDiff: input.flag('diff') };
  if (paths.includes('-')) {
    if (paths.length > 1) throw cliErrors.usage({ problem: '- stands alone: it is stdin' });
    return formatStdin(context, wish);
  }
  const changes = await findChanges(context.cwd, paths.length === 0 ? ['.'] : paths);
  if (!wish.isCheck && !wish.isDiff) for (const { full, after } of changes) await writeFile(full, after);
  print(context, changes, wish);
  return wish.isCheck && changes.length > 0 ? exitCodes.failed : exitCodes.ok;
};

async function findChanges(cwd: string, paths: readonly string[]): Promise<readonly Change[]> {
  const changes: Change[] = [];
  for (const given of paths) {
    for (const { base, file } of await filesOf(path.resolve(cwd, given), given)) {
      const after = isWritable(file) ? formatFly(file.text) : file.text;
      const full = path.join(base, file.path);
      if (after !== file.text)
        changes.push({ full, name: path.relative(cwd, full), before: file.text, after });
    }
  }
  return changes;
}

async function filesOf(
  absolute: string,
  given: string,
): Promise<readonly { base: string; file: NestText }[]> {
  const found = await stat(absolute).catch((error: unknown) => {
    throw cliErrors.missing({ what: given, fix: 'check the path' }, { cause: error });
  });
  if (!found.isDirectory()) {
    const base = path.dirname(absolute);
    return [{ base, file: await readFly(base, absolute) }];
  }
  return (await readFlyFiles(absolute)).map((file) => ({ base: absolute, file }));
}

async function formatStdin({ output }: CliContext, { isCheck, isDiff }: Wish) {
  const before = await readText(process.stdin);
  const after = formatFly(before);
  if (isDiff) output.stdout.write(unifiedDiff('stdin', before, after));
  else if (!isCheck) output.stdout.write(after);
  return isCheck && before !== after ? exitCodes.failed : exitCodes.ok;
}

function print({ output, flags }: CliContext, changes: readonly Change[], { isCheck, isDiff }: Wish): void {
  const names = changes.map(({ name }) => name);
  if (flags.json) output.json({ changed: names });
  else if (isDiff) {
    for (const { name, before, after } of changes) output.stdout.write(unifiedDiff(name, before, after));
  } else for (const name of names) output.data(name);
  const verb = isCheck || isDiff ? 'not in canonical form' : 'formatted';
  output.talk(names.length === 0 ? 'everything is in canonical form' : `${names.length} ${verb}`);
}
