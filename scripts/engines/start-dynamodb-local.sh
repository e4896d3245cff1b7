#!/usr/bin/env bash
# start-dynamodb-local.sh [PORT] | stop [PORT]   Amazon's own DynamoDB Local, in memory; needs Java 17 and Maven
# shellcheck source=scripts/engines/common.sh
. "$(dirname "$0")/common.sh"
begin dynamodb 18000 "$@"
version=2.6.0
home=$POLAR_CACHE/dynamodb-local-$version
here=$(cd "$(dirname "$0")" && pwd)
need java 'openjdk-17-jdk-headless'
lock dynamodb
maven_jars "$home" com.amazonaws DynamoDBLocal "$version"
unlock
start "$name" "$url/" 90 java -Xmx512m "-Dsqlite4java.library.path=$home/lib" -cp "$home/lib/*" \
  "$here/LoopbackDynamoDb.java" -inMemory -sharedDb -disableTelemetry -port "$port"
echo "$url"
