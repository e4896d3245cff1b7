import type { FlyCode } from '../diag/codes.ts';
import type { ParsedFile } from '../parse-fly.ts';
import { parseRule } from '../rules/parse.ts';
import { findSenseless, type Senselessness } from '../rules/sense.ts';
import type { UglyfoxBlock } from './blocks.ts';
import type { Reader } from './reader.ts';
import { spanOf } from './span-of.ts';

const sayings: Readonly<Record<Senselessness, { readonly code: FlyCode; readonly message: string }>> = {
  never: { code: 'FLY053', message: 'this rule holds for no runner' },
  always: { code: 'FLY054', message: 'this rule holds for every runner' },
  unreachable: {
    code: 'FLY055',
    message: 'an earlier rule holds wherever this one does, so that this one never decides',
  },
};

/** Rules of UglyFox that hold never, always, or only where an earlier one has decided. */
export function checkPolicies(reader: Reader, parsed: ParsedFile, block: UglyfoxBlock): void {
  const rules = block.values.policies?.rule ?? [];
  // A condition that could not be read has no value, whatever its type says.
  const read = rules.map(({ condition }) =>
    condition === undefined ? undefined : parseRule(condition).rule,
  );
  for (const [index, found] of findSenseless(read).entries()) {
    const label = rules[index]?.label;
    if (found === undefined || label === undefined) continue;
    const path = ['policies', 'rule', label, 'condition'];
    const span = spanOf(parsed, block, path);
    reader.sink.add({ ...sayings[found], ...span, path: `uglyfox.${path.join('.')}` });
  }
}
