// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// fuzz_specs: what the targets share that compare meanings with engines. An input's first two bytes
// choose an instruction, the others are the values that it is tried with, and what is missing is
// drawn at random from them. A mismatch is printed and aborts.
#ifndef FUZZ_SPECS_H
#define FUZZ_SPECS_H

#include "verify/agree/agree.h"
#include "verify/verify.h"

// The program of rules and meanings that `texts` are; the same one each time it is asked for by the
// same place `lasting`.
Isle *specs_program(const VerifyText *texts, Isle **lasting);

// What to compare for an input: instruction `choice` alone, with the bytes behind it.
AgreeOptions specs_options(const uint8_t *data, size_t size, const uint32_t *choice);

// Aborts if the report has a mismatch. Its arena is freed.
void specs_judge(AgreeReport *report, const char *target);

#endif
