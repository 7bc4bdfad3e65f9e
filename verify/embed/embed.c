// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads rules that the tool carries with it.

#include "verify/embed/embed.h"

Status verify_read(Isle *isle, const VerifyText *texts)
{
    Status first = STATUS_OK;
    for (; texts->path; texts++) {
        const Str text = {(const char *)texts->data, texts->len};
        const Status status = isle_add_text(isle, str_from(texts->path), text);
        first = first == STATUS_OK ? status : first;
    }
    return first == STATUS_OK ? isle_check(isle) : first;
}
