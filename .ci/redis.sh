# Installs and runs a private Redis for tests. Source it in bash, without `set -m`:
#
#   . .ci/redis.sh
#   redis_start || exit 1          # exports CONFORMANCE_REDIS_URI
#   trap redis_stop EXIT
#
# The server listens on 127.0.0.1 only, syncs its append-only file on every write, lives in a
# directory of its own, and runs as an unprivileged user when the caller is root.
# REDIS_TEST_PORT asks for a port; without it the first free one from 22379 is taken.

redis_install() {
  command -v redis-server >/dev/null && command -v redis-cli >/dev/null && return 0
  [ "$(id -u)" = 0 ] || { echo 'redis-server is missing, and only root can install it' >&2; return 1; }
  local rc=/usr/sbin/policy-rc.d mine= result
  # Without this file the package starts a service of its own.
  [ -e $rc ] || { printf '#!/bin/sh\nexit 101\n' >$rc; chmod 755 $rc; mine=1; }
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=600 install redis-server redis-tools; result=$?
  [ -z "$mine" ] || rm -f $rc
  return $result
}

redis_port_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
redis_gone() { [ ! -d "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }
redis_pong() { [ "$(redis-cli -h 127.0.0.1 -p "$1" ping 2>/dev/null)" = PONG ]; }

# redis_until SECONDS COMMAND…: waits until the command succeeds.
redis_until() {
  local end=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.05; done
}

# Starts the server, again after redis_crash with the data it had.
redis_start() {
  redis_install || return 1
  if [ -z "${REDIS_TEST_DIR:-}" ]; then
    REDIS_TEST_DIR=$(mktemp -d /tmp/sukkal-redis.XXXXXX) || return 1
    local port=${REDIS_TEST_PORT:-22379}
    if [ -n "${REDIS_TEST_PORT:-}" ]; then
      redis_port_free "$port" || { echo "port $port is taken" >&2; return 1; }
    else
      until redis_port_free "$port"; do port=$((port + 1)); done
    fi
    REDIS_TEST_PORT=$port
  fi
  local as= owner; owner=$(id -un):$(id -gn)
  if [ "$(id -u)" = 0 ]; then
    as='setpriv --reuid=nobody --regid=nogroup --clear-groups --no-new-privs --' owner=nobody:nogroup
  fi
  chmod 700 "$REDIS_TEST_DIR"; chown -R "$owner" "$REDIS_TEST_DIR"
  # All three streams away, or a pipe behind the script stays open for ever.
  setsid $as redis-server --bind 127.0.0.1 --port "$REDIS_TEST_PORT" --dir "$REDIS_TEST_DIR" --logfile log \
    --save '' --appendonly yes --appendfsync always "$@" </dev/null >>"$REDIS_TEST_DIR/out" 2>&1 &
  REDIS_TEST_PID=$!
  disown
  if redis_until 30 redis_pong "$REDIS_TEST_PORT" && ! redis_gone "$REDIS_TEST_PID"; then
    export CONFORMANCE_REDIS_URI="redis://127.0.0.1:$REDIS_TEST_PORT/0"
  else
    tail -n 20 "$REDIS_TEST_DIR/log" "$REDIS_TEST_DIR/out" >&2
    redis_stop
    return 1
  fi
}

# Kills the server as a crash would; redis_start brings it back.
redis_crash() {
  kill -KILL -- "-$REDIS_TEST_PID" 2>/dev/null
  redis_until 10 redis_gone "$REDIS_TEST_PID"
}

# Stops the server and removes its directory.
redis_stop() {
  [ -n "${REDIS_TEST_PID:-}" ] || return 0
  kill -TERM "$REDIS_TEST_PID" 2>/dev/null
  redis_until 30 redis_gone "$REDIS_TEST_PID" || redis_crash
  rm -rf -- "$REDIS_TEST_DIR"
  unset REDIS_TEST_PID REDIS_TEST_DIR CONFORMANCE_REDIS_URI
}
