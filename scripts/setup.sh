#!/usr/bin/env bash
# Checks what a build needs: Swift 6.2 or later, and SQLite's headers. Installs the latter where it may.
set -euo pipefail

fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

command -v swift >/dev/null || fail "Swift is missing. Install Swift 6.2 or later: https://www.swift.org/install/"
version=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+)\.([0-9]+).*/\1 \2/p' | head -n 1)
read -r major minor <<<"${version:-0 0}"
if [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 2 ]; }; then
    fail "Swift 6.2 or later is needed; this is $(swift --version 2>/dev/null | head -n 1)"
fi

# macOS has SQLite and its headers in the SDK.
[ "$(uname -s)" = Linux ] || exit 0
has_headers() { echo '#include <sqlite3.h>' | cc -E -x c - >/dev/null 2>&1 || [ -f /usr/include/sqlite3.h ]; }
has_headers && exit 0

if command -v apt-get >/dev/null; then
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null && sudo -n true 2>/dev/null \
            || fail "SQLite's headers are missing. Run: sudo apt-get install libsqlite3-dev"
        as_root=(sudo -n)
    fi
    echo "setup: installing libsqlite3-dev"
    export DEBIAN_FRONTEND=noninteractive
    "${as_root[@]}" apt-get install -y --no-install-recommends libsqlite3-dev >/dev/null 2>&1 || {
        "${as_root[@]}" apt-get update >/dev/null
        "${as_root[@]}" apt-get install -y --no-install-recommends libsqlite3-dev >/dev/null
    }
    has_headers || fail "libsqlite3-dev was installed, but sqlite3.h is not found"
else
    fail "SQLite's headers are missing: install the package that has sqlite3.h (libsqlite3-dev, sqlite-devel)"
fi
