import { egg, eggsbucket, job } from './egg.ts';
import { mothergoose } from './mothergoose.ts';
import { defaults, languageVersion, locals, notifications, patch, values, variable } from './nest.ts';
import { block } from './types.ts';
import { uglyfox } from './uglyfox.ts';

/** The one table of the language: every block that may stand in a file, with all it may hold. */
export const schema = block({
  doc: 'A Fly file.',
  attributes: { fly: languageVersion },
  blocks: {
    egg,
    eggsbucket,
    job,
    uglyfox,
    mothergoose,
    variable,
    locals,
    defaults,
    notifications,
    values,
    patch,
  },
});

export type BlockKind = keyof typeof schema.blocks;
