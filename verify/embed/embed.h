// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// embed: the rules and specifications that the tool is built from, as it carries them with it, so
// that `assay verify` needs no source tree. The build writes them (verify/embed/main), for each
// program the files in the order in which islec reads them when it makes the compiler.
#ifndef VERIFY_EMBED_H
#define VERIFY_EMBED_H

#include "isle-rules/compiler/islec.h"

// A file of rules.
typedef struct VerifyText {
    const char *path; // NULL: the end
    const unsigned char *data;
    size_t len;
} VerifyText;

// The files of the mid-end and of each target, in the order in which they are read.
extern const VerifyText verify_texts_opt[], verify_texts_x64[], verify_texts_aarch64[];

// Reads all these files as one program, which isle_check then judges. After an error the others are
// read all the same, for their own errors; the status is of the first.
Status verify_read(Isle *isle, const VerifyText *texts);

#endif
