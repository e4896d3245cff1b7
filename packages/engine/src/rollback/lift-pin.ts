import type { CallOptions, PinRow, Write } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { type Lease, requireOk } from '../leases/lease.ts';
import { auditWrite } from '../rows/writes.ts';

/** The writes that end a pin, with who did it and why. */
export function liftPinWrites(
  deps: InternalDeps,
  at: { pin: PinRow; by: string; why: string; rule: string },
): Write[] {
  const { pin } = at;
  const details = { egg: pin.egg_name, deployment: pin.deployment_id, why: at.why, rule: at.rule };
  return [
    {
      kind: 'delete',
      key: { table: 'pins', partition: pin.egg_name },
      when: { kind: 'version', version: pin.version },
    },
    auditWrite(
      { actor: at.by, action: 'unpin', resourceType: 'egg', resourceId: pin.egg_name, details },
      deps,
    ),
  ];
}

/** A commit has changed the machine part: its pin, already without effect, goes for good. */
export async function liftSpentPin(
  deps: InternalDeps,
  at: { spentPin: PinRow | undefined; lease: Lease },
  options: CallOptions,
): Promise<void> {
  const { spentPin: pin, lease } = at;
  if (pin === undefined) return;
  const why = 'a commit has changed the machine part of the Egg';
  const unit = [lease.check(), ...liftPinWrites(deps, { pin, by: 'reconcile', why, rule: 'pin_ends' })];
  requireOk(await deps.store.commit(unit, options), `the pin of ${pin.egg_name}`);
  deps.log.info('a commit has ended a pin', { egg: pin.egg_name });
}
