// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of ledger.
#ifndef VERIFY_LEDGER_LEDGER_INTERNAL_H
#define VERIFY_LEDGER_LEDGER_INTERNAL_H

#include "verify/ledger/ledger.h"

// The answer to the question with `key`, its model by the nodes of the question's pool. False:
// there is none, or it was given up with less than `budget` or another strength.
bool cache_find(LedgerCache *cache, const LedgerQuestion *question, uint64_t budget, Arena *arena,
                SmtResult *out);
void cache_store(LedgerCache *cache, const LedgerQuestion *question, uint64_t budget,
                 const SmtResult *answer, Arena *arena);

#endif
