// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What operations cost, in parts of a simple ALU operation: latency and code bytes of both targets
// taken together, as far as one number can say it. Only the order between alternatives matters.

#include "opt/opt_internal.h"

uint32_t opt_op_cost(Opcode op)
{
    switch ((int)op) {
    // Part of the instruction that uses them, or one short one.
    case OP_ICONST:
    case OP_F16CONST:
    case OP_F32CONST:
    case OP_F64CONST: return 1;
    // Often nothing at all.
    case OP_UEXTEND:
    case OP_SEXTEND:
    case OP_IREDUCE:
    case OP_ISPLIT:
    case OP_ICONCAT: return 2;
    case OP_IADD:
    case OP_ISUB:
    case OP_BAND:
    case OP_BOR:
    case OP_BXOR:
    case OP_BNOT:
    case OP_INEG:
    case OP_ISHL:
    case OP_USHR:
    case OP_SSHR: return 4;
    case OP_ICMP:
    case OP_ROTL:
    case OP_ROTR:
    case OP_STACK_ADDR: return 5;
    // More than one instruction on one of the targets.
    case OP_SELECT:
    case OP_SMIN:
    case OP_SMAX:
    case OP_UMIN:
    case OP_UMAX:
    case OP_IABS:
    case OP_BMASK: return 7;
    case OP_IMUL:
    case OP_CLZ:
    case OP_CTZ:
    case OP_CLS:
    case OP_BSWAP: return 9;
    case OP_POPCNT:
    case OP_BITREV:
    case OP_UMULHI:
    case OP_SMULHI:
    case OP_LOAD: return 14;
    case OP_FDIV:
    case OP_SQRT: return 60;
    default: return 10;
    }
}
