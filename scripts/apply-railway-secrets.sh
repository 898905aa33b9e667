#!/bin/sh
# For the old habit: one `seance secrets apply` does what took `sops -d` and `railway variables --set` for each
# secret; no value is printed or passed as an argument.  scripts/apply-railway-secrets.sh production
set -eu
[ $# -ge 1 ] || { echo "usage: scripts/apply-railway-secrets.sh ENV, an environment of stack.yaml" >&2; exit 64; }
environment=$1
shift
cd "$(dirname "$0")/.."
[ -x build/bin/seance ] || { echo "build/bin/seance is not built: ./dev build" >&2; exit 1; }
exec build/bin/seance secrets apply -e "$environment" "$@"
