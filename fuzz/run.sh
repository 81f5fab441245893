#!/bin/sh
# Fuzzes the entry points and what peers say, under AddressSanitizer: fuzz/run.sh [SECONDS [ENTRY ...]]
#
# Without an entry all are called in one run; `each` gives every entry a run of its own; `tcp_wire` is not an entry but a peer of the
# TCP transport. The stable compiler is enough: RUSTC_BOOTSTRAP lets it take the sanitizer's flags. Nothing needs to be installed.
set -eu
cd "$(dirname "$0")"
seconds=${1:-60}
[ $# -gt 0 ] && shift

host=$(rustc -vV | sed -n 's/^host: //p')
export RUSTC_BOOTSTRAP=1
export RUSTFLAGS="--cfg fuzzing -Zsanitizer=address -Cdebug-assertions -Ccodegen-units=1 -Cpasses=sancov-module \
-Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
cargo build --release --target "$host"
built=${CARGO_TARGET_DIR:-target}/$host/release

if [ "${1:-}" = each ]; then
    set -- $("$built/entries")
fi
mkdir -p corpus artifacts
if [ $# -eq 0 ]; then
    exec "$built/calls" -max_total_time="$seconds" -max_len=1024 -artifact_prefix=artifacts/ corpus
fi
if [ "$1" = tcp_wire ]; then
    mkdir -p corpus/tcp_wire
    exec "$built/tcp_wire" -max_total_time="$seconds" -max_len=4096 -artifact_prefix=artifacts/tcp_wire- corpus/tcp_wire
fi
for entry in "$@"; do
    echo "== $entry"
    mkdir -p "corpus/$entry"
    WSP_FUZZ_ENTRY=$entry "$built/calls" -max_total_time="$seconds" -max_len=1024 -artifact_prefix="artifacts/$entry-" "corpus/$entry"
done
