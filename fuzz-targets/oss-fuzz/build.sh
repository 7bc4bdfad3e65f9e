#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Builds the fuzz targets as OSS-Fuzz and ClusterFuzzLite want them. They set
#
#   SRC, WORK, OUT      $SRC/assay is the checkout; what runs later must lie in OUT
#   CC, CFLAGS          compile; the flags choose sanitizer and coverage
#   CXX, CXXFLAGS       link, with the engine
#   LIB_FUZZING_ENGINE  a library, or a flag that means one
#
# OUT gets of each target: NAME, NAME.options, NAME_seed_corpus.zip, and NAME.dict if its inputs are
# text. scripts/check_ossfuzz runs this.
set -euo pipefail

build=$WORK/assay
# Programs of ours that run during the build are instrumented, too.
export ASAN_OPTIONS=detect_leaks=0 LLVM_PROFILE_FILE=/dev/null

# A static Unicorn, if there is one: OUT is all that is there when targets run.
unicorn=()
for library in /usr/local/lib/libunicorn.a "/usr/lib/$(uname -m)-linux-gnu/libunicorn.a"; do
    [[ ! -e $library ]] || unicorn=("-DUNICORN_LIBRARY=$library")
done

cmake -S "$SRC/assay" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DASSAY_FUZZ=ON -DASSAY_FUZZING_ENGINE="$LIB_FUZZING_ENGINE" -DASSAY_PARANOID=ON \
    -DASSAY_WERROR=OFF -DASSAY_VERIFY=OFF ${unicorn[@]+"${unicorn[@]}"}
cmake --build "$build" -j "$(nproc)" --target fuzzers clif_dictionary

for program in "$build"/fuzz-targets/*_fuzzer; do
    name=$(basename "$program" _fuzzer)
    corpus=$SRC/assay/fuzz-targets/corpus/$name
    cp "$program" "$OUT/$name"
    case $name in
    parse | roundtrip)
        "$build/fuzz-targets/clif_dictionary" >"$OUT/$name.dict"
        cp "$SRC/assay/fuzz-targets/oss-fuzz/text.options" "$OUT/$name.options"
        ;;
    isle) cp "$SRC/assay/fuzz-targets/oss-fuzz/text.options" "$OUT/$name.options" ;;
    *) cp "$SRC/assay/fuzz-targets/oss-fuzz/bytes.options" "$OUT/$name.options" ;;
    esac
    if [[ -d $corpus ]]; then
        rm -f "$OUT/${name}_seed_corpus.zip"
        (cd "$corpus" && find . -type f -print0 | sort -z | xargs -0 zip -q -X "$OUT/${name}_seed_corpus.zip")
    fi
done
