#!/bin/sh
# For the old habit: one `seance deploy` does what took a build, a push, `railway up` for each service and DNS
# records by hand. What follows goes to it:  scripts/deploy-railway.sh --commit HEAD~1
set -eu
cd "$(dirname "$0")/.."
[ -x build/bin/seance ] || { echo "build/bin/seance is not built: ./dev build" >&2; exit 1; }
exec build/bin/seance deploy -e production "$@"
