import type { Clock } from '@polar-gosling/kernel';
import { createFakeClock } from '@polar-gosling/testkit';
import { afterEach, describe, it } from 'vitest';
import {
  describeExpiry,
  describeLists,
  describePaging,
  describeReads,
  describeSignals,
} from './contract/lists/contract.ts';
import { describeProperties } from './contract/properties/contract.ts';
import { describeValues } from './contract/values/contract.ts';
import { type Check, wordsFor } from './contract/words/contract.ts';
import {
  describeConditions,
  describePuts,
  describeUnits,
  describeUpdates,
} from './contract/writes/contract.ts';
import type { Store } from './store.ts';

export interface StoreContract {
  readonly name: string;
  /** A new, empty store that takes its time from `clock`. */
  create(deps: { clock: Clock }): Promise<Store> | Store;
  /** Title of a case → why this engine cannot pass it. */
  readonly skip?: Readonly<Record<string, string>>;
}

/** What every store does; an adapter passes all of it against its real engine. */
export function describeStoreContract(contract: StoreContract): void {
  describe(`store contract: ${contract.name}`, () => {
    const opened: Store[] = [];
    const open = async () => {
      const clock = createFakeClock();
      const store = await contract.create({ clock });
      opened.push(store);
      return { clock, ...wordsFor(store) };
    };
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
    });
    const check: Check = (title, test) => {
      it(title, async (context) => {
        const reason = contract.skip?.[title];
        if (reason !== undefined) context.skip(reason);
        await test(await open());
      });
    };
    describeReads(check);
    describePuts(check);
    describeUpdates(check);
    describeConditions(check);
    describeUnits(check);
    describeValues(check);
    describeLists(check);
    describePaging(check);
    describeExpiry(check);
    describeSignals(check);
    describeProperties(check);
  });
}
