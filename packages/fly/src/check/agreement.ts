import type { schema } from '../schema/table.ts';
import type { FilledValuesOf, ValuesOf } from '../schema/types.ts';
import type {
  FilledEggsBucketValues,
  FilledEggValues,
  FilledJobValues,
  FilledUglyfoxValues,
} from './filled-values.ts';
import type { MothergooseValues } from './mothergoose-values.ts';
import type {
  EggsBucketValues,
  EggValues,
  JobValues,
  NotificationsValues,
  UglyfoxValues,
  VariableValues,
} from './values.ts';

type Schemas = typeof schema.blocks;

/** Does each type hold all that the other holds, and name nothing that the other does not? */
type Agrees<Written, Table> =
  Required<Written> extends Required<Table>
    ? Required<Table> extends Required<Written>
      ? keyof Written extends keyof Table
        ? true
        : false
      : false
    : false;

type Held<_Checks extends readonly true[]> = true;

/** Compiles only while the written types of `values.ts` are those of the schema table. */
export type ValuesAgreeWithTheTable = Held<
  [
    Agrees<EggValues, ValuesOf<Schemas['egg']>>,
    Agrees<NonNullable<EggValues['runner']>, NonNullable<ValuesOf<Schemas['egg']>['runner']>>,
    Agrees<NonNullable<EggValues['cloud']>, NonNullable<ValuesOf<Schemas['egg']>['cloud']>>,
    Agrees<NonNullable<EggValues['resources']>, NonNullable<ValuesOf<Schemas['egg']>['resources']>>,
    Agrees<EggValues['gitlab'], ValuesOf<Schemas['egg']>['gitlab']>,
    Agrees<EggsBucketValues, ValuesOf<Schemas['eggsbucket']>>,
    Agrees<JobValues, ValuesOf<Schemas['job']>>,
    Agrees<UglyfoxValues, ValuesOf<Schemas['uglyfox']>>,
    Agrees<MothergooseValues, ValuesOf<Schemas['mothergoose']>>,
    Agrees<VariableValues, ValuesOf<Schemas['variable']>>,
    Agrees<NotificationsValues, ValuesOf<Schemas['notifications']>>,
    Agrees<FilledEggValues, FilledValuesOf<Schemas['egg']>>,
    Agrees<FilledEggValues['runner'], FilledValuesOf<Schemas['egg']>['runner']>,
    Agrees<FilledEggsBucketValues, FilledValuesOf<Schemas['eggsbucket']>>,
    Agrees<FilledJobValues, FilledValuesOf<Schemas['job']>>,
    Agrees<FilledUglyfoxValues, FilledValuesOf<Schemas['uglyfox']>>,
  ]
>;
