#!/bin/sh
# Starts Redis as a cache: nothing is kept on a disk, and what was not read for longest goes first. The password is in no argument.
set -eu
{
  printf 'requirepass "%s"\n' "$(cat /run/secrets/tideline/redis-password)"
  printf 'save ""\nappendonly no\nmaxmemory %s\nmaxmemory-policy allkeys-lru\n' "$MAXMEMORY"
} >/tmp/redis.conf
exec redis-server /tmp/redis.conf
