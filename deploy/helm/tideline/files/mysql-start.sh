#!/bin/sh
# Starts a member of the MySQL group: mysqld with the options that are given. The first time it makes the data, and the users outside of
# the binary log: a new member must have no transaction that another one lacks. The image's own entrypoint cannot write its users on a
# server that starts with --super-read-only.
set -eu
data=/var/lib/mysql/data

secret() {
  value=$(cat "/run/secrets/tideline/$1")
  case $value in ''|*[!A-Za-z0-9_-]*) echo "The secret $1 must be made of letters, digits, - and _." >&2; exit 1 ;; esac
  printf %s "$value"
}

if [ ! -d "$data" ]; then
  rm -rf "$data.new"
  ledger=$(secret mysql-password)
  failover=$(secret mysql-failover-password)
  # The ledger's databases are the installation's name, _ and the number of a shard. In a grant, _ stands for any letter and \_ for itself.
  databases=$(printf %s "$TIDELINE_NAME" | sed 's/_/\\_/g')'\_'
  cat >/tmp/users.sql <<END
CREATE USER 'tideline'@'%' IDENTIFIED BY '$ledger';
GRANT ALL ON \`${databases}_\`.* TO 'tideline'@'%';
GRANT ALL ON \`${databases}__\`.* TO 'tideline'@'%';
GRANT SELECT ON \`tideline\_group\`.* TO 'tideline'@'%';
CREATE USER 'tideline_failover'@'%' IDENTIFIED BY '$failover';
GRANT ALL ON *.* TO 'tideline_failover'@'%' WITH GRANT OPTION;
ALTER USER 'root'@'localhost' ACCOUNT LOCK;
END
  mysqld --initialize-insecure --datadir="$data.new" --init-file=/tmp/users.sql
  rm /tmp/users.sql
  mv "$data.new" "$data"
fi

exec mysqld --datadir="$data" --server-id=$((${HOSTNAME##*-} + 1)) "$@"
