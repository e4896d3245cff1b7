import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
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
    rest: findCollector(),
    signal,
  });
  // Nothing more is read: an open stdin would keep the process.
  process.stdin.destroy();
  return code === 0 ? exitCodes.ok : exitCodes.failed;
};

/**
 * The garbage collector as a function. Reading a Nest leaves much behind, which V8 keeps while the process may grow;
 * only its last resort hands memory back to the system, and an editor keeps its servers for days.
 */
function findCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') return () => undefined;
  return () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
