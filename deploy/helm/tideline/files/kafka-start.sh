#!/bin/bash
# Starts a Kafka broker that is a controller too. The first time it makes the folder ready.
set -eu
{
  cat /etc/tideline/kafka.properties
  printf 'node.id=%s\ncontroller.quorum.voters=%s\nadvertised.listeners=PLAINTEXT://%s:9092\n' "${HOSTNAME##*-}" "$VOTERS" "$HOSTNAME$DOMAIN"
} >/tmp/server.properties
/opt/kafka/bin/kafka-storage.sh format --ignore-formatted --cluster-id "$CLUSTER_ID" --config /tmp/server.properties
exec /opt/kafka/bin/kafka-server-start.sh /tmp/server.properties
