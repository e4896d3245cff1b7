import type { CommandSpec } from './command.ts';
import { fileCommands } from './table/files.ts';
import { operatorCommands } from './table/operator.ts';
import { serverCommands } from './table/server.ts';
import { viewCommands } from './table/view.ts';

/** Every command, in the order of the help. Only the one that is called is loaded. */
export const commandTable: readonly CommandSpec[] = [
  ...serverCommands,
  ...fileCommands,
  ...viewCommands,
  ...operatorCommands,
];
