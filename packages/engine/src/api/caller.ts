export type Role = 'read' | 'write' | 'admin';

/** Who calls the API: a token that was found, with what it may see. */
export interface Caller {
  readonly tokenId: string;
  readonly name: string;
  readonly role: Role;
  /** Limited to these Eggs; absent: all. Another Egg's data is not there for it. */
  readonly eggs?: readonly string[];
}
