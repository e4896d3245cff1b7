import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { formatFly } from '@polar-gosling/fly';
import type { CliContext, Command } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { type NestText, readFly, readFlyFiles } from '../nest-files.ts';

/** `gosling fmt [PATH…]`: the one canonical form; `--check` only says which files differ. */
export const run: Command = async (context, input) => {
  const paths = input.arguments('PATH');
  const isCheck = input.flag('check');
  const changed: string[] = [];
  for (const given of paths.length === 0 ? ['.'] : paths) {
    const absolute = path.resolve(context.cwd, given);
    for (const { base, file } of await filesOf(absolute, given)) {
      const formatted = formatFly(file.text);
      if (formatted === file.text) continue;
      changed.push(path.relative(context.cwd, path.join(base, file.path)));
      if (!isCheck) await writeFile(path.join(base, file.path), formatted);
    }
  }
  print(context, changed, isCheck);
  return isCheck && changed.length > 0 ? exitCodes.failed : exitCodes.ok;
};

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

function print({ output, flags }: CliContext, changed: readonly string[], isCheck: boolean): void {
  if (flags.json) output.json({ changed });
  else for (const file of changed) output.data(file);
  const verb = isCheck ? 'not in canonical form' : 'formatted';
  output.talk(changed.length === 0 ? 'everything is in canonical form' : `${changed.length} ${verb}`);
}
