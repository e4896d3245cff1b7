import type { Clock, Logger } from '@polar-gosling/kernel';
import type { TableName } from '@polar-gosling/ports/store';
import type { Calls } from './calls.ts';
import type { Connection } from './sdk.ts';
import type { Defining } from './table-definitions.ts';

export interface TablesDeps extends Defining {
  readonly connection: Connection;
  readonly calls: Calls;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Lets a table be read whole while `action` runs. */
  readonly readingWhole: <Result>(table: TableName, action: () => Promise<Result>) => Promise<Result>;
  /** Only these; for tests. */
  readonly tables?: readonly TableName[] | undefined;
}
