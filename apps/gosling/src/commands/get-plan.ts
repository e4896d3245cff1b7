import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { connect } from '../api.ts';
import type { Command } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { exitCodes } from '../exit-codes.ts';

/** `gosling get plan ID --egg NAME [--bundle DIR]`: a plan as JSON, and the files that OpenTofu was given for it. */
export const run: Command = async (context, input) => {
  const { cwd, signal, output } = context;
  const name = input.text('egg');
  if (name === undefined) {
    throw cliErrors.usage({ problem: 'plans belong to an Egg', fix: 'pass --egg NAME' });
  }
  const id = input.argument('ID');
  const api = await connect(context, 'gosling get');
  const plan = await api.call('getPlan', { params: { name, id } }, { signal });
  const given = input.text('bundle');
  if (given !== undefined) {
    const directory = path.resolve(cwd, given);
    await checkIsEmpty(directory, given);
    const { files } = await api.call('getPlanBundle', { params: { name, id } }, { signal });
    await writeFiles(directory, new Map(Object.entries(files)));
    output.talk(`${Object.keys(files).length} files in ${given}`);
  }
  output.json(plan);
  return exitCodes.ok;
};

async function checkIsEmpty(directory: string, given: string): Promise<void> {
  const names: readonly string[] = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw cliErrors.unreadable({ path: given, reason: error.message });
  });
  if (names.length > 0) throw cliErrors.exists({ what: given, fix: 'name a new or empty directory' });
}

async function writeFiles(directory: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [name, text] of files) {
    const file = path.resolve(directory, name);
    if (!file.startsWith(`${directory}${path.sep}`)) {
      throw cliErrors.refused({ what: name, reason: 'a file of a bundle lies in its directory' });
    }
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text, { flag: 'wx' });
  }
}
