#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# What ClusterFuzzLite calls to build the fuzz targets: the same as OSS-Fuzz.
exec "$SRC/assay/fuzz-targets/oss-fuzz/build.sh"
