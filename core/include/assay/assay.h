// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// assay: all of the installed headers of the library, for programs that embed it.
//
//   make code     builder.h   functions instruction by instruction, SSA form made for you
//                 text/       parse CLIF text; print it
//   look at it    ir/         types, opcodes and their tables, functions as flat tables
//                 analysis/   control-flow graph, dominator tree
//   judge it      validate/   is it well formed, under which settings/
//   compile it    driver/     a function to bytes, relocations and tables (emit/)
//                 jit/        compiled functions to an image for a given address
//   run it        emulate/    engines that execute a module; a library of its own (assay_emulate),
//                             to be included as <emulate/emulate.h>
//   below all     base/       arenas, strings, errors
//
// In short (docs/embedding.md goes through it, examples/toy is a program that does it):
//
//   Arena arena = {0};
//   Module module = {.arena = &arena};
//   Diag diag = {.arena = &arena};
//   Builder *b = builder_create(&module);
//   builder_begin(b, builder_name(STR("f")), signature);       // or text_parse_file
//   ins_return(b, VALUES(ins_iadd(b, builder_param(b, 0), builder_param(b, 1))));
//   Status status = builder_finish(b, NULL, &func, &diag);
//   builder_destroy(b);
//   ... validate_func_diag(func, &settings, NULL, NULL, &diag), text_print_func(func, &buffer) ...
//   arena_free(&arena);
//
// Ownership: everything is allocated in the Arena that it was given, directly or through a Module,
// a Diag or a StrBuf, and ends with it; nothing is freed one by one. What is passed in is borrowed
// for the call unless its header says otherwise (a parser's text must outlive what was parsed).
//
// Errors: bad input gives a Status other than STATUS_OK and messages in a Diag. Misuse of the
// library fails an assertion, and running out of memory calls the arena's hook; both abort. Nothing
// in the library prints otherwise, or exits.
//
// Threads: there are no globals. An arena, and all that is in it, belongs to one thread at a time;
// distinct arenas are independent. What is only read may be read by many.
#ifndef ASSAY_ASSAY_H
#define ASSAY_ASSAY_H

#include "analysis/analysis.h"
#include "assay/builder.h"
#include "base/base.h"
#include "driver/driver.h"
#include "ir/ir.h"
#include "jit/jit.h"
#include "settings/settings.h"
#include "text/text.h"
#include "validate/validate.h"

#endif
