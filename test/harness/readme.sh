#!/usr/bin/env bash
# readme.sh: runs the first SQL of README.md as a newcomer would, in a new database, and the shell
# commands it names are make targets. In with-cluster.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$top"
createdb readme
if awk '/^```sql/ { on = 1; next } /^```/ { if (on) exit } on' README.md |
    psql -X -d readme -v ON_ERROR_STOP=1 -f -; then
    say "ok 1 - the SQL at the top of README.md runs"
else
    say "not ok 1 - the SQL at the top of README.md runs"
fi
n=1
for target in $(grep -oE '^ +make [a-z-]+' README.md | awk '{ print $2 }' | sort -u); do
    n=$((n + 1))
    if make -n "$target" >/dev/null 2>&1; then say "ok $n - make $target is a target"
    else say "not ok $n - make $target is a target"; fi
done
say "1..$n"
