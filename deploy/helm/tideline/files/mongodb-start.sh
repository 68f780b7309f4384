#!/bin/sh
# Starts a member of the MongoDB replica set, which takes its key only from a file that nobody else may read.
set -eu
install -m 400 /run/secrets/tideline/mongodb-key /tmp/mongodb-key
exec mongod --replSet rs0 --bind_ip_all --keyFile /tmp/mongodb-key
