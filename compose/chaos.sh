#!/bin/sh
# Does harm to the server of the machine whose processes it sees, with a signal and nothing more:
#   kill     SIGKILL: the server is gone in an instant
#   pause    SIGSTOP: its sockets stay open, and nothing answers
#   resume   SIGCONT
#   forever  kill and pause by turns, every EVERY seconds
set -eu

server_pid() {
  for folder in /proc/[0-9]*; do
    words=$(tr '\0' ' ' <"$folder/cmdline" 2>/dev/null) || continue
    case $words in node*calculator/main.js*) echo "${folder#/proc/}" && return ;; esac
  done
  echo 'there is no server process at this moment' >&2
  return 1
}

signal() {
  pid=$(server_pid) || return 1
  kill -s "$1" "$pid"
  echo "$(date -u +%T) SIG$1 to $(hostname)'s server, process $pid"
}

case ${1:-forever} in
  kill) signal KILL ;;
  pause) signal STOP ;;
  resume) signal CONT ;;
  forever)
    while sleep "${EVERY:-45}"; do
      signal KILL || true
      sleep "${EVERY:-45}"
      signal STOP || true
    done
    ;;
  *) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p;}' "$0" >&2 && exit 2 ;;
esac
