// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tool_object: compiled functions into an object file that is there as a whole or not at all.
#ifndef ASSAY_TOOL_OBJECT_H
#define ASSAY_TOOL_OBJECT_H

#include "assay/tool.h"
#include "object/object.h"

// Writes the functions as an object to `path` ("-": standard output). What stood there before is
// replaced once the object is complete. Failures are reported to `diag`, with the path or, in the
// functions' names, the place.
Status tool_write_object(const CompiledFunc *funcs, uint32_t n, const ObjectOptions *options,
                         const char *path, Diag *diag);

#endif
