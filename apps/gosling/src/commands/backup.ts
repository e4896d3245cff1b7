import path from 'node:path';
import { restoreBackup, writeBackup } from '@polar-gosling/wiring';
import type { CliContext, Command } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { exitCodes } from '../exit-codes.ts';

const keyFile = path.join('key', 'secrets.key');

/** `gosling backup FILE`: one file of everything but the key, while the instance runs. */
export const backup: Command = async (context, input) => {
  const { config, clock, signal, output, cwd, flags } = context;
  requireEmbedded(context, 'gosling backup');
  const file = path.resolve(cwd, input.argument('FILE'));
  const result = await writeBackup({ dataDir: config.dataDir, file, clock, signal });
  const keyPath = path.join(config.dataDir, keyFile);
  if (flags.json) {
    output.json({
      file,
      files: result.files,
      size_bytes: result.sizeBytes,
      schema: result.schema,
      key_file: keyPath,
      has_key: false,
    });
    return exitCodes.ok;
  }
  output.talk(`${file}: database, secrets (encrypted), blobs and states of OpenTofu; ${result.files} files`);
  output.talk(`The key that opens its secrets is not in it: ${keyPath}`);
  output.talk(
    'Keep a copy of that key apart from the backup, for example in a password manager; both are needed to restore.',
  );
  return exitCodes.ok;
};

/** `gosling restore FILE`: a data directory of a backup, moved to its place in one step. */
export const restore: Command = async (context, input) => {
  const { config, clock, signal, output, cwd, flags } = context;
  requireEmbedded(context, 'gosling restore');
  const file = path.resolve(cwd, input.argument('FILE'));
  const { dataDir } = config;
  const isForced = input.flag('force');
  const result = await restoreBackup({ file, dataDir, isForced, pid: process.pid, clock, signal });
  if (flags.json) {
    output.json({
      data_dir: dataDir,
      files: result.files,
      schema: result.schema,
      created_at: result.createdAt,
      has_key: result.hasKey,
      key_file: result.keyPath,
      ...(result.setAside === undefined ? {} : { set_aside: result.setAside }),
    });
    return exitCodes.ok;
  }
  output.talk(`${dataDir}: restored from the backup of ${result.createdAt} (${result.files} files)`);
  if (result.setAside !== undefined) output.talk(`what was there before: ${result.setAside}`);
  output.talk(
    result.hasKey
      ? 'its key is in its place; gosling up starts it'
      : `put the key of its secrets into ${result.keyPath} (chmod 600) before gosling up`,
  );
  return exitCodes.ok;
};

/** Elsewhere the state lies with services that have backups of their own. */
function requireEmbedded({ env }: CliContext, what: string): void {
  const elsewhere = [
    ['state', env['GOSLING_STORE'] || 'sqlite', 'sqlite'],
    ['secrets', env['GOSLING_SECRETS'] || 'local', 'local'],
    // A backup without its big columns would restore rows that cannot be read.
    ['big values', env['GOSLING_BLOBS'] || 'here', 'here'],
  ].filter(([, place, here]) => place !== here);
  if (elsewhere.length === 0) return;
  const named = elsewhere.map(([kind, place]) => `${kind} in ${place}`).join(', ');
  throw cliErrors.refused({
    what,
    reason: `a part lies outside the data directory (${named}); use the backups of those places, all of one moment`,
  });
}
