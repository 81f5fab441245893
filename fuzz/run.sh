#!/bin/sh
# Fuzzes under AddressSanitizer: fuzz/run.sh [--seconds N | --runs N] [TARGET ...], or fuzz/run.sh --list
#
# Targets are every entry point (`winsock.WSPSend`), all of them in one run (`calls`), what a peer of the TCP transport says
# (`tcp_wire`), the memory that processes share (`shm_segment`), and descriptors of registered memory (`rdma`). Without one, each
# listed target has its turn. `--seconds` (60) goes on from the inputs in `corpus`; `--runs` tries so many, always the same, and
# says little but what it finds.
#
# The stable compiler is enough: RUSTC_BOOTSTRAP lets it take the sanitizer's flags; libFuzzer itself needs g++.
set -eu
cd "$(dirname "$0")"

limit=-max_total_time=60
case ${1:-} in
--seconds) limit=-max_total_time=$2 && shift 2 ;;
--runs) limit="-runs=$2 -seed=1 -len_control=0 -verbosity=0" && shift 2 ;;
esac

host=$(rustc -vV | sed -n 's/^host: //p')
export RUSTC_BOOTSTRAP=1
export RUSTFLAGS="--cfg fuzzing -Zsanitizer=address -Cdebug-assertions -Ccodegen-units=1 -Cpasses=sancov-module \
-Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
cargo build --quiet --release --target "$host"
built=${CARGO_TARGET_DIR:-target}/$host/release

list=$("$built/entries"; echo tcp_wire; echo shm_segment; echo rdma)
if [ "${1:-}" = --list ]; then
    echo "$list"
    exit
fi
[ $# -gt 0 ] || set -- $list

for target in "$@"; do
    echo "== $target"
    program=$target
    case $target in
    *.*) program=calls && export WSP_FUZZ_ENTRY="$target" ;;
    *) unset WSP_FUZZ_ENTRY ;;
    esac
    mkdir -p artifacts "corpus/$target"
    corpus=corpus/$target
    case $limit in -runs=*) corpus= ;; esac
    # A call that does not end is a finding; nothing that is in order takes nearly so long.
    "$built/$program" $limit -timeout=60 -max_len=2048 -artifact_prefix="artifacts/$target-" $corpus
done
