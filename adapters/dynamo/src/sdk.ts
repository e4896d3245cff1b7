import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import {
  type AttributeValue,
  BatchGetItemCommand,
  type BatchGetItemCommandInput,
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteItemCommand,
  type DeleteItemCommandInput,
  DeleteTableCommand,
  type DeleteTableCommandInput,
  DescribeTableCommand,
  type DescribeTableCommandInput,
  DescribeTimeToLiveCommand,
  type DescribeTimeToLiveCommandInput,
  DynamoDBClient,
  GetItemCommand,
  type GetItemCommandInput,
  type GlobalSecondaryIndex,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  type ScanCommandInput,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  type TransactWriteItemsCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
  UpdateTableCommand,
  type UpdateTableCommandInput,
  UpdateTimeToLiveCommand,
  type UpdateTimeToLiveCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { Clock, Secret } from '@polar-gosling/kernel';
import { bearerSigner } from './bearer-signer.ts';
import { type CallRules, checkCall, withoutRequestToken } from './dialect-guard.ts';

// The one file that knows the SDK: what it sends is checked here, and what it would add by itself is taken out.

export type { AttributeValue, GlobalSecondaryIndex, TransactWriteItem };
export type QueryInput = QueryCommandInput;
export type TableInput = CreateTableCommandInput;

export interface ConnectionOptions {
  /** Absent: the one of the region. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  /** Absent: what the environment, the container or the machine says. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** Signs with `Authorization: Bearer …` instead of a key: how YDB takes the token of a service account. */
  readonly bearer?: ((signal: AbortSignal) => Promise<Secret>) | undefined;
  /** `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, in upper or lower case, as the host has them. */
  readonly proxies?: Readonly<Record<string, string | undefined>> | undefined;
  readonly clock: Clock;
  readonly rules: CallRules;
}

const requestTimeoutMs = 5_000;
const connectTimeoutMs = 3_000;
const mostSockets = 64;
/** Requests of the SDK's own retries would hide throttling and lose the outcome: they are ours to repeat. */
const onlyOnce = 1;

export type Connection = ReturnType<typeof connect>;

/** A client whose every request passes the guard. Opens no connection before the first call. */
export function connect(options: ConnectionOptions) {
  const { clock, proxies } = options;
  const agent = {
    keepAlive: true,
    maxSockets: mostSockets,
    ...(proxies === undefined ? {} : { proxyEnv: { ...proxies } }),
  };
  const client = new DynamoDBClient({
    region: options.region,
    maxAttempts: onlyOnce,
    requestHandler: {
      requestTimeout: requestTimeoutMs,
      connectionTimeout: connectTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent(agent),
    },
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...credentialsOf(options),
  });
  guard(client, options.rules);
  const skewMs = watchClock(client, clock);
  const by = (signal: AbortSignal) => ({ abortSignal: signal });
  return {
    getItem: (input: GetItemCommandInput, signal: AbortSignal) =>
      client.send(new GetItemCommand(input), by(signal)),
    batchGetItem: (input: BatchGetItemCommandInput, signal: AbortSignal) =>
      client.send(new BatchGetItemCommand(input), by(signal)),
    query: (input: QueryCommandInput, signal: AbortSignal) =>
      client.send(new QueryCommand(input), by(signal)),
    scan: (input: ScanCommandInput, signal: AbortSignal) => client.send(new ScanCommand(input), by(signal)),
    putItem: (input: PutItemCommandInput, signal: AbortSignal) =>
      client.send(new PutItemCommand(input), by(signal)),
    updateItem: (input: UpdateItemCommandInput, signal: AbortSignal) =>
      client.send(new UpdateItemCommand(input), by(signal)),
    deleteItem: (input: DeleteItemCommandInput, signal: AbortSignal) =>
      client.send(new DeleteItemCommand(input), by(signal)),
    transactWriteItems: (input: TransactWriteItemsCommandInput, signal: AbortSignal) =>
      client.send(new TransactWriteItemsCommand(input), by(signal)),
    createTable: (input: CreateTableCommandInput, signal: AbortSignal) =>
      client.send(new CreateTableCommand(input), by(signal)),
    updateTable: (input: UpdateTableCommandInput, signal: AbortSignal) =>
      client.send(new UpdateTableCommand(input), by(signal)),
    describeTable: (input: DescribeTableCommandInput, signal: AbortSignal) =>
      client.send(new DescribeTableCommand(input), by(signal)),
    deleteTable: (input: DeleteTableCommandInput, signal: AbortSignal) =>
      client.send(new DeleteTableCommand(input), by(signal)),
    updateTimeToLive: (input: UpdateTimeToLiveCommandInput, signal: AbortSignal) =>
      client.send(new UpdateTimeToLiveCommand(input), by(signal)),
    describeTimeToLive: (input: DescribeTimeToLiveCommandInput, signal: AbortSignal) =>
      client.send(new DescribeTimeToLiveCommand(input), by(signal)),
    /** How far the server's clock is ahead of ours, by the last answer's Date; `undefined` before the first. */
    skewMs,
    close: () => client.destroy(),
  };
}

function guard(client: DynamoDBClient, rules: CallRules): void {
  client.middlewareStack.add(
    (next, context) => (args) => {
      checkCall(rules, String(context['commandName']).replace(/Command$/, ''), args.input);
      return next(args);
    },
    { step: 'initialize', name: 'dialectGuard' },
  );
  client.middlewareStack.add(
    (next) => (args) => {
      withoutRequestToken(args.request);
      return next(args);
    },
    { step: 'build', name: 'withoutRequestToken' },
  );
}

function watchClock(client: DynamoDBClient, clock: Clock): () => number | undefined {
  let skewMs: number | undefined;
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const at = dateOf(answer.response);
      if (at !== undefined) skewMs = at - clock.now();
      return answer;
    },
    { step: 'deserialize', name: 'serverTime', priority: 'low' },
  );
  return () => skewMs;
}

function credentialsOf({ credentials, bearer }: ConnectionOptions) {
  if (bearer === undefined) return credentials === undefined ? {} : { credentials };
  return {
    // The client asks for some before it signs; the signer below has no use for them.
    credentials: { accessKeyId: 'bearer', secretAccessKey: 'bearer' },
    signer: { sign: bearerSigner(bearer) },
  };
}

/** The time in a response's Date header, ms. */
function dateOf(response: unknown): number | undefined {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined;
  const { headers } = response;
  const date =
    typeof headers === 'object' && headers !== null && 'date' in headers ? headers.date : undefined;
  const at = Date.parse(String(date));
  return Number.isNaN(at) ? undefined : at;
}
