#!/bin/sh
# Gives every file in web/landing/assets its content hash as part of its name, and puts the new names into the
# files that refer to it. Run it after editing the site; run again it changes nothing.
#
#   web/rehash.sh            rename and update
#   web/rehash.sh --check    change nothing; exit 1 and name the files whose hash is out of date
#
# New assets start without a hash (`assets/thing.js`), referred to by that name. A file that refers to
# another is hashed after it, which is why this goes round until nothing changes.
set -eu

site=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/landing
check=false
case "${1:-}" in
  "") ;;
  --check) check=true ;;
  *) echo "usage: rehash.sh [--check]" >&2; exit 64 ;;
esac

# assets/app-0123456789.js -> app.js
plain_name() { printf '%s\n' "${1##*/}" | sed -E 's/-[0-9a-f]{10}(\.[a-z0-9]+)$/\1/'; }

hashed_name() {
  plain=$(plain_name "$1")
  hash=$(sha256sum "$1" | cut -c1-10)
  printf '%s-%s.%s\n' "${plain%.*}" "$hash" "${plain##*.}"
}

# Replaces an asset's name wherever it follows a `/` in a text file of the site.
refer_by() {
  old=$(printf '%s' "$1" | sed 's/\./\\./g')
  grep -rlF --include='*.html' --include='*.css' --include='*.js' --include='*.svg' --include='*.webmanifest' \
    "/$1" "$site" | while IFS= read -r file; do
    sed -E "s#/$old([^A-Za-z0-9_-]|\$)#/$2\\1#g" "$file" >"$file.new"
    cat "$file.new" >"$file"
    rm "$file.new"
  done || true
}

duplicates=$(for file in "$site"/assets/*; do plain_name "$file"; done | sort | uniq -d)
if [ -n "$duplicates" ]; then
  echo "rehash.sh: more than one version of: $duplicates; delete the old one" >&2
  exit 1
fi

stale=0
round=0
changed=true
while $changed; do
  changed=false
  round=$((round + 1))
  if [ "$round" -gt 20 ]; then
    echo "rehash.sh: assets refer to one another in a circle; break it" >&2
    exit 1
  fi
  for file in "$site"/assets/*; do
    name=${file##*/}
    wanted=$(hashed_name "$file")
    [ "$name" = "$wanted" ] && continue
    stale=$((stale + 1))
    if $check; then
      echo "$name should be $wanted" >&2
      continue
    fi
    mv "$file" "$site/assets/$wanted"
    refer_by "$name" "$wanted"
    echo "$name -> $wanted"
    changed=true
  done
done

# Whatever is referred to under assets must exist: /assets/x from anywhere, ./x from one script to another.
missing=$({
  grep -rhoE '/assets/[A-Za-z0-9_.-]+' "$site" --include='*.html' --include='*.css' --include='*.webmanifest'
  grep -hoE '"\./[A-Za-z0-9_.-]+"' "$site"/assets/*.js | sed -E 's#^"\.(.*)"$#/assets\1#'
} | sort -u | while IFS= read -r path; do [ -f "$site$path" ] || echo "$path"; done)
if [ -n "$missing" ]; then
  echo "rehash.sh: referred to but not there: $missing" >&2
  exit 1
fi
if $check && [ "$stale" -gt 0 ]; then
  echo "rehash.sh: run web/rehash.sh" >&2
  exit 1
fi
