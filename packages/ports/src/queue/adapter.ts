export { readRow } from '../store/read-row.ts';
export { OutboxRow } from '../store/rows.ts';
export { createDeadLetters, deadLetters } from './dead-letters.ts';
export { lockKey } from './due-messages.ts';
export { readMessage } from './message.ts';
export { rowsOf } from './rows-of.ts';
