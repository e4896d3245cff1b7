export { checkDynamo, type StoreCheck } from './check-dynamo.ts';
export {
  createDynamoStore,
  type DynamoAccess,
  type DynamoStore,
  type DynamoStoreOptions,
} from './dynamo-store.ts';
export { dynamoErrors } from './errors.ts';
