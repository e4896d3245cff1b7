import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { formatFly, parseFly, renderDiagnostics } from '@polar-gosling/fly';
import type { CliContext, Command } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { isTooBig, isWritable, kindOf, type NestText, readFly, readFlyFiles } from '../nest-files.ts';
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
  const files = await findFiles(context.cwd, paths.length === 0 ? ['.'] : paths);
  const changes = files.flatMap(changeOf);
  if (!wish.isCheck && !wish.isDiff) for (const { full, after } of changes) await writeFile(full, after);
  print(context, changes, wish);
  const tooBig = files.filter(({ file }) => isTooBig(file));
  for (const one of tooBig) sayTooBig(context, one);
  if (tooBig.length > 0) return exitCodes.invalid;
  return wish.isCheck && changes.length > 0 ? exitCodes.failed : exitCodes.ok;
};

interface Found {
  readonly full: string;
  /** As the person at the keyboard would name it. */
  readonly name: string;
  readonly file: NestText;
}

async function findFiles(cwd: string, paths: readonly string[]): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const given of paths) {
    for (const { base, file } of await filesOf(path.resolve(cwd, given), given)) {
      const full = path.join(base, file.path);
      found.push({ full, name: path.relative(cwd, full), file });
    }
  }
  return found;
}

function changeOf({ full, name, file }: Found): Change[] {
  const after = isWritable(file) ? formatFly(file.text) : file.text;
  return after === file.text ? [] : [{ full, name, before: file.text, after }];
}

/** As `gosling validate` says it. */
function sayTooBig({ output }: CliContext, { name, file: { text, sizeBytes = 0 } }: Found): void {
  const { diagnostics } = parseFly(text, { file: name, bytesInNest: sizeBytes });
  output.talk(renderDiagnostics(diagnostics, { color: output.stderr.hasColour }).trimEnd());
}

async function filesOf(
  absolute: string,
  given: string,
): Promise<readonly { base: string; file: NestText }[]> {
  if ((await kindOf(absolute, given)) === 'file') {
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
