import { applyPin, configHash, type EggConfig, isPinInForce, machineHash } from '@polar-gosling/domain';
import { type CallOptions, EggConfigRow, PinRow, readRow } from '@polar-gosling/ports/store';
import type { EngineDeps } from '../api/engine.ts';
import { getRows } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';

type Deps = Pick<EngineDeps, 'store' | 'settings'>;

/** An Egg as it works now. */
export interface InForce {
  /** The Nest's row; under a pin with the machines, hashes and commit of the pinned deployment. */
  readonly egg: EggConfigRow;
  /** The row as the sync wrote it. */
  readonly nest: EggConfigRow;
  readonly pin?: PinRow;
  /** A pin that a commit has ended, until reconcile has removed it. */
  readonly spentPin?: PinRow;
}

/** One Egg as it is in force, in one consistent read; `undefined`: no such Egg. */
export async function readInForce(
  deps: Deps,
  name: string,
  options: CallOptions,
): Promise<InForce | undefined> {
  const keys = [
    { table: 'egg_configs', partition: name },
    { table: 'pins', partition: name },
  ] as const;
  const [row, pinned] = await deps.store.get(keys, options);
  if (row === undefined) return undefined;
  const nest = readRow(EggConfigRow, 'egg_configs', row);
  if (nest.kind !== 'egg' && nest.kind !== 'bucket') return undefined;
  return underPin(deps, nest, pinned && readRow(PinRow, 'pins', pinned));
}

/** Many Eggs as they are in force, from their rows. */
export async function allInForce(
  deps: Deps,
  rows: readonly EggConfigRow[],
  options: CallOptions,
): Promise<InForce[]> {
  const keys = rows.map(({ name }) => ({ partition: name }));
  const pins = await getRows(deps.store, { ...typed.pins, keys }, options);
  const byEgg = new Map(pins.map((pin) => [pin.egg_name, pin]));
  return rows.map((row) => underPin(deps, row, byEgg.get(row.name)));
}

function underPin({ settings }: Deps, nest: EggConfigRow, pin: PinRow | undefined): InForce {
  if (pin === undefined) return { egg: nest, nest };
  const config: EggConfig = nest.config;
  if (!isPinInForce(config, pin)) return { egg: nest, nest, spentPin: pin };
  const pinned = applyPin(config, { part: pin.machine, over: pin.over });
  const egg = {
    ...nest,
    config: pinned,
    config_hash: configHash(pinned),
    machine_hash: machineHash(pinned, settings.machineRevision),
    git_commit: pin.git_commit,
  };
  return { egg, nest, pin };
}
