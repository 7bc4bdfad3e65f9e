// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of ledger.
#ifndef VERIFY_LEDGER_LEDGER_INTERNAL_H
#define VERIFY_LEDGER_LEDGER_INTERNAL_H

#include "verify/ledger/ledger.h"

// The answer to the question asked in this way, its model by the nodes of the question's pool.
// False: there is none, or it was given up with less than the budget or another strength.
bool cache_find(LedgerCache *cache, const LedgerQuestion *question, const LedgerAsk *how,
                Arena *arena, SmtResult *out);
void cache_store(LedgerCache *cache, const LedgerQuestion *question, const LedgerAsk *how,
                 const SmtResult *answer, Arena *arena);

#endif
