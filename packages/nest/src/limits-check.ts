import type { EggConfig, Limits } from '@polar-gosling/domain';
import { checkLimits } from '@polar-gosling/domain/check-limits';
import { spanOf } from '@polar-gosling/fly';
import { type Placed, report } from './cross-check.ts';

/** What of an Egg breaks the limits outside the Nest, where the Egg says it (at its head where it does not). */
export function checkEggLimits(egg: EggConfig, { source, block }: Placed, limits: Limits): void {
  for (const { rule, detail, path } of checkLimits(egg, limits)) {
    report(source, {
      code: 'FLY086',
      span: path.length === 0 ? block.headerSpan : spanOf(source.parsed, block, path),
      message: `${block.kind} "${egg.name}" breaks the limit ${rule}: ${detail}`,
    });
  }
}
