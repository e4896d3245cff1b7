import { DynamoDBClient, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import {
  GetSecretValueCommand,
  ListSecretsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { CanaryWatch } from './canary.ts';

interface Access {
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface CanaryPlaces extends Access {
  readonly secrets: string;
  readonly dynamodb: string;
  readonly s3: string;
  /** What the names of the tables begin with. */
  readonly tables: string;
  readonly bucket: string;
  /** Secrets of servers that other tests left are not ours. */
  readonly server: string;
}

/**
 * Gives a world's watch every secret that Secrets Manager holds for it, and all that lies in DynamoDB and S3 to look
 * through; answers how much that was.
 */
export async function watchEngines(
  canaries: CanaryWatch,
  at: CanaryPlaces,
): Promise<{ rows: number; objects: number }> {
  const looked = { rows: 0, objects: 0 };
  for (const [reference, value] of await secretsOf(at)) canaries.plant(reference, value);
  for await (const [table, text] of rowsOf(at)) {
    canaries.note(`table ${table}`, text);
    looked.rows++;
  }
  for await (const [key, text] of objectsOf(at)) {
    canaries.note(`object ${key}`, text);
    looked.objects++;
  }
  return looked;
}

async function secretsOf({ region, credentials, secrets, server }: CanaryPlaces) {
  const client = new SecretsManagerClient({ region, credentials, endpoint: secrets });
  const { SecretList = [] } = await client.send(new ListSecretsCommand({ MaxResults: 100 }));
  const slug = server.replaceAll(':', '_');
  const ours = SecretList.flatMap(({ Name = '' }) =>
    !Name.startsWith('gosling/gitlab/') || Name.includes(slug) ? [Name] : [],
  );
  const fields = await Promise.all(
    ours.map(async (name) => {
      const { SecretString = '{}' } = await client.send(
        new GetSecretValueCommand({ SecretId: name, VersionStage: 'AWSCURRENT' }),
      );
      const values: Record<string, string> = JSON.parse(SecretString);
      return Object.entries(values).map(
        ([field, value]) => [`${name.slice('gosling/'.length)}/${field}`, value] as const,
      );
    }),
  );
  client.destroy();
  return fields.flat();
}

async function* rowsOf({
  region,
  credentials,
  dynamodb,
  tables,
}: CanaryPlaces): AsyncGenerator<[string, string]> {
  const client = new DynamoDBClient({ region, credentials, endpoint: dynamodb });
  let after: string | undefined;
  do {
    const page = await client.send(new ListTablesCommand({ ExclusiveStartTableName: after }));
    for (const table of (page.TableNames ?? []).filter((name) => name.startsWith(tables))) {
      const { Items = [] } = await client.send(new ScanCommand({ TableName: table }));
      for (const item of Items) yield [table, JSON.stringify(item, asText)];
    }
    after = page.LastEvaluatedTableName;
  } while (after !== undefined);
  client.destroy();
}

/** Bytes letter by letter: a needle is found in binary columns too. */
function asText(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value;
}

async function* objectsOf({
  region,
  credentials,
  s3,
  bucket,
}: CanaryPlaces): AsyncGenerator<[string, string]> {
  const client = new S3Client({ region, credentials, endpoint: s3, forcePathStyle: true });
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
  for (const { Key } of Contents) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
    const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
    yield [Key ?? '', Buffer.from(bytes).toString('latin1')];
  }
  client.destroy();
}
