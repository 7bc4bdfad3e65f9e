// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Host of integers.isle: nothing of its own.
#include "isle-rules/tests/isle_run_host.h"
