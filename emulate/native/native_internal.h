// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What parent and child of a native executor share.
#ifndef EMULATE_NATIVE_INTERNAL_H
#define EMULATE_NATIVE_INTERNAL_H

#include "emulate/machine/machine.h"
#include "emulate/native/native.h"

#if defined(__SANITIZE_THREAD__)
#    define SIGNALS_ARE_LATE 1
#elif defined(__has_feature)
#    if __has_feature(thread_sanitizer)
#        define SIGNALS_ARE_LATE 1
#    endif
#endif

// Why there is no native engine. The thread sanitizer keeps signals back until the program calls a
// function of the system, which guest code never does, and has a thread of its own in the child.
#if !defined(__x86_64__) || !defined(__linux__)
#    define NATIVE_LACKS "this host does not run x86-64 code"
#elif defined(SIGNALS_ARE_LATE)
#    define NATIVE_LACKS "the thread sanitizer keeps back the signals that end native code"
#endif

// How guest code was left.
typedef struct NativeReport {
    int signal;       // that the child got
    bool has_address; // of the access that faulted
    uint64_t address;
} NativeReport;

// In memory that both processes see.
typedef struct NativeShared {
    GuestRegs regs;        // in and out of a run
    uint64_t microseconds; // CPU time that a run may take, 0: no limit
    NativeReport report;
} NativeShared;

// A range of guest memory, backed by the shared file.
typedef struct NativeRegion {
    uint64_t address, size, offset;
    bool is_code;
    uint8_t *host; // where this process sees it
} NativeRegion;

// What a child needs to know when it starts.
typedef struct NativeChild {
    int requests, replies; // pipes: a byte to run, a byte when it has stopped
    int file;
    NativeShared *shared;
    const NativeRegion *regions;
    uint32_t num_regions;
    int parent; // process id
} NativeChild;

enum { NATIVE_READY = 'r', NATIVE_RUN = 'g', NATIVE_STOPPED = 's', NATIVE_NO_ROOM = 'n' };

// The life of the child: maps the regions, then serves requests until the pipe is closed. Never
// returns. Only what is safe between fork and exec is called.
NORETURN void native_child(const NativeChild *child);

#endif
