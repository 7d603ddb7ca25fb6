/* A finished report on its way out: encode, number, sign where asked to, send.
 *
 * Reports leave in the order of their numbers, and a number is taken by nothing but a report that is handed to the kernel or counted as
 * dropped: one that is withdrawn leaves no gap. Signing covers the number and needs the GVL, so a number is tried first and
 * taken at the moment of sending; where another report was quicker, the next one is tried. */
#ifndef HEAP_PERISCOPE_DELIVERY_H
#define HEAP_PERISCOPE_DELIVERY_H

#include "wire/report_json.h"

/* The patience of a report that is not the last of its process. */
#define DELIVERY_PATIENCE_NS UINT64_C(250000000)

struct delivery {
    struct report *report;
    struct report_datagrams datagrams;
    uint64_t patience_ns;      /* how long it may wait for the address of a name */
    bool (*withdrawn)(void *); /* NULL: never; asked at the moment of sending, under a lock */
    void *withdrawn_argument;
    bool encoded, sent;
};

/* Encodes, and sees to it that there is a socket to send by. No GVL needed. */
void delivery_encode(struct delivery *delivery);

/* Numbers, signs and hands everything to the kernel, unless it is withdrawn; frees the datagrams (not the report). Never waits. With
 * the GVL where the report's configuration says `sign`; does not raise where interrupts wait (guarded_call.h). */
void delivery_send(struct delivery *delivery);

/* Around fork. In the child numbers begin at 1 again. */
void delivery_lock(void);
void delivery_unlock(void);
void delivery_reset(void);

#endif
