// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parts of the validator: declarations, operands and references, types, immediates. Each check
// of an instruction returns whether to go on: false after an error that is fatal for the function.
#ifndef VALIDATE_VALIDATE_INTERNAL_H
#define VALIDATE_VALIDATE_INTERNAL_H

#include "analysis/analysis.h"
#include "validate/validate.h"

typedef struct Validator {
    const Func *f;
    const Settings *settings;
    const Isa *isa; // NULL: not known
    Type pointer;   // of the target, TYPE_INVALID when that is not known
    ValidateErrors *out;
    Arena scratch;
    Cfg cfg;
    DomTree tree;
    uint32_t *order;    // by instruction: its number in the layout
    uint32_t *resolved; // by value: the value meant behind all aliases
    Str inst_text;      // of the instruction at hand, made when first asked for
} Validator;

// Adds a message at an entity.
void validate_report(Validator *v, EntityRef at, const char *format, ...) PRINTF_LIKE(3, 4);
// The same, and returns false.
bool validate_fatal(Validator *v, EntityRef at, const char *format, ...) PRINTF_LIKE(3, 4);

static inline EntityRef at_inst(Inst inst)
{
    return (EntityRef){ENTITY_INST, inst.i};
}

static inline EntityRef at_block(Block block)
{
    return (EntityRef){ENTITY_BLOCK, block.i};
}

// The type of a value through its aliases, once validate_declarations is done.
static inline Type type_of(const Validator *v, uint32_t value)
{
    return v->f->values.data[v->resolved[value]].type;
}

// The name of a type, in scratch memory.
const char *validate_type_text(Validator *v, Type t);

// Rules 1 to 6: declarations, entry block, signatures. False: the body is not to be looked at.
bool validate_declarations(Validator *v);
// The type of what a global value stands for; TYPE_INVALID when that depends on an unknown target.
Type validate_global_type(const Validator *v, GlobalValue gv);

// The number of operands that opcodes.def gives a constraint for; the others follow a signature.
uint32_t validate_fixed_operands(Opcode op);

// Value operands, and the alias region of a memory access.
bool validate_operands(Validator *v, Inst inst);
// What an instruction refers to, and what it needs of settings and target. *usable is cleared when
// the instruction refers to something that is not there, so that its types can't be told.
bool validate_references(Validator *v, Inst inst, bool *usable);
// Types of results, operands, block arguments, calls and returns; never fatal.
void validate_types(Validator *v, Inst inst);
// Ranges of immediates, and debug tags.
bool validate_immediates(Validator *v, Inst inst);

#endif
