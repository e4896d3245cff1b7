import type { EggCloud } from '../egg.ts';

/** Where and how one machine is asked for. */
export interface LaunchChoice {
  readonly instanceType: string;
  readonly zone?: string;
  readonly subnet?: string;
  readonly spot: boolean;
}

/**
 * The order in which a cloud is asked for a machine: the first choice of type in every zone, then the next type, and
 * with `spot = "prefer"` all of it as spot before the same as ordinary machines. Each launch that failed for want of
 * capacity moves one on; after the last the first comes again.
 */
export function launchOrder(
  cloud: Pick<EggCloud, 'zones' | 'subnet' | 'spot'>,
  types: readonly string[],
  subnets: Readonly<Record<string, string>>,
): readonly LaunchChoice[] {
  const places = placesOf(cloud, subnets);
  const markets = { never: [false], prefer: [true, false], only: [true] }[cloud.spot];
  return markets.flatMap((spot) =>
    types.flatMap((instanceType) => places.map((place) => ({ instanceType, ...place, spot }))),
  );
}

/** The choice for a launch after so many in a row that found no capacity. */
export function chooseLaunch(
  order: readonly LaunchChoice[],
  withoutCapacity: number,
): LaunchChoice | undefined {
  return order[withoutCapacity % order.length];
}

/** A subnet is in one zone: an Egg that names one has one place, else each of its zones has the installation's. */
function placesOf(
  cloud: Pick<EggCloud, 'zones' | 'subnet'>,
  subnets: Readonly<Record<string, string>>,
): readonly { zone?: string; subnet?: string }[] {
  const [firstZone] = cloud.zones;
  if (cloud.subnet !== undefined) {
    return [{ subnet: cloud.subnet, ...(firstZone === undefined ? {} : { zone: firstZone }) }];
  }
  const zones = cloud.zones.length > 0 ? cloud.zones : Object.keys(subnets).toSorted();
  if (zones.length === 0) return [{}];
  return zones.map((zone) => {
    const subnet = subnets[zone];
    return subnet === undefined ? { zone } : { zone, subnet };
  });
}
