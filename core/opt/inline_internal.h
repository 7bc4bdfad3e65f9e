// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by inline.c, which walks the caller and decides, and inline_copy.c, which brings a
// callee's body over.
#ifndef OPT_INLINE_INTERNAL_H
#define OPT_INLINE_INTERNAL_H

#include "opt/opt.h"

// What a callee's entities are in the caller.
typedef struct InlineMap {
    Func *to;
    const Func *from;
    Arena *scratch;
    uint32_t *values;     // by the callee's value; NO_INDEX: not defined yet
    uint32_t first_block; // block N is first_block + N; so are signatures, functions and so on
    uint32_t first_sig, first_func, first_slot, first_dyn_slot, first_dyn_type, first_mask;
    uint32_t *globals;   // by the callee's global value; NO_INDEX: not brought over
    uint32_t *constants; // by the callee's constant
    uint32_t *regions;   // by the callee's alias region
    Block return_block;  // gets what the callee returns; NO(Block): the call was a tail call
    uint32_t caught;     // the caller's exception table, for what the body calls; NO_INDEX: none
    VEC(Block) pieces;   // behind calls that became try_calls
    struct InlinePieces {
        uint32_t first, count;
    } * pieces_of;       // by the callee's block: of `pieces`
    uint32_t first_inst; // of those that were brought over
} InlineMap;

// Whether a body may stand in its caller's frame: it does not look at its own frame, and has no
// parameter whose bytes the call copies.
bool inline_is_possible(const Func *callee);
// Whether all that it calls may become a try_call with the handlers of `table`, too.
bool inline_can_be_caught(const Func *callee, const ExTableData *table);
// Whether some instruction names a block for its handlers: it must keep its end.
bool inline_names_handlers(const Func *f);
// Makes the callee's blocks and declarations in the caller; none is in the layout yet. `arena`
// lives as long as the caller's function.
void inline_map_entities(InlineMap *map);
// Brings over the instructions of the callee's reachable blocks, and puts these behind `call_block`
// in the callee's order; returns the last of them.
Block inline_copy_body(InlineMap *map, Block call_block);

#endif
