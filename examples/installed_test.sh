#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Installs the build of folder $1 into a temporary prefix, and from there, through pkg-config alone,
# builds and runs the toy language and the program that docs/embedding.md puts together piece by piece.
# $2: the compiler, with flags that the libraries need (sanitizers).
set -eu
build=$1
cc=$2
source=$(cd "$(dirname "$0")/.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

cmake --install "$build" --prefix "$tmp/prefix" >/dev/null
PKG_CONFIG_PATH=$(dirname "$(find "$tmp/prefix" -name assay.pc)")
export PKG_CONFIG_PATH
cflags="-std=c17 -pedantic-errors -Wall -Wextra -Werror -O1 $(pkg-config --cflags assay)"
libs=$(pkg-config --libs assay)

# Away from the source tree, so that no header of it can be found by chance.
mkdir -p "$tmp/examples/toy"
cp "$source"/examples/toy/*.[ch] "$tmp/examples/toy"
cd "$tmp"
$cc $cflags -I. examples/toy/*.c $libs -o toy
for program in "$source"/examples/toy/programs/*.toy; do
    ./toy check "$program"
done

# The blocks marked ```c are the program, the block marked ```text its output.
awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$source/docs/embedding.md" >embedding.c
awk '/^```text$/ { on = 1; next } /^```$/ { on = 0 } on' "$source/docs/embedding.md" >expected
$cc $cflags embedding.c $libs -o embedding
./embedding >actual
diff -u expected actual
