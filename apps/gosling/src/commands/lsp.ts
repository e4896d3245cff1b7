import { runLanguageServer } from '@polar-gosling/fly-lsp';
import type { Command } from '../cli/command.ts';
import { exitCodes } from '../exit-codes.ts';
import { findNest, readFlyFiles } from '../nest-files.ts';
import { goslingVersion } from '../version.ts';

/** `gosling lsp`: the language server of Fly over stdin and stdout, for one editor. */
export const run: Command = async ({ output, signal }) => {
  const code = await runLanguageServer({
    input: process.stdin,
    output: process.stdout,
    reader: { find: findNest, read: readFlyFiles },
    version: goslingVersion,
    log: output.talk,
    signal,
  });
  // Nothing more is read: an open stdin would keep the process.
  process.stdin.destroy();
  return code === 0 ? exitCodes.ok : exitCodes.failed;
};
