export { checkDynamoStore, type StoreFinding } from './check-dynamo-store.ts';
export {
  createDynamoStore,
  type DynamoAccess,
  type DynamoStore,
  type DynamoStoreOptions,
} from './dynamo-store.ts';
export { dynamoErrors } from './errors.ts';
