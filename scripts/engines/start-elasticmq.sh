#!/usr/bin/env bash
# start-elasticmq.sh [PORT] | stop [PORT]   ElasticMQ: the SQS API over real queues, in memory; needs Java 17 and Maven
# shellcheck source=scripts/engines/common.sh
. "$(dirname "$0")/common.sh"
begin elasticmq 19324 "$@"
version=1.7.1
home=$POLAR_CACHE/elasticmq-$version
need java 'openjdk-17-jre-headless'
lock elasticmq
maven_jars "$home" org.elasticmq elasticmq-server_2.13 "$version"
unlock
cat >"$run/$name.conf" <<CONF
include classpath("application.conf")
node-address { protocol = http, host = "127.0.0.1", port = $port, context-path = "" }
rest-sqs { enabled = true, bind-port = $port, bind-hostname = "127.0.0.1", sqs-limits = strict }
rest-stats { enabled = false }
CONF
start "$name" "$url/health" 90 java -Xmx256m "-Dconfig.file=$run/$name.conf" -cp "$home/lib/*" org.elasticmq.server.Main
echo "$url"
