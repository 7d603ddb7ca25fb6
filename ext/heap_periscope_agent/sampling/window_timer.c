#include "sampling/window_timer.h"

#include "base/clock.h"
#include "base/random_bits.h"
#include "base/wait_point.h"
#include "vm/arming.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

/* A process that uses less processor time than this between two ticks is idle. */
#define IDLE_CPU_NS MS_TO_NS(0.1)
/* Stretches of an idle process grow to this. */
#define IDLE_GAP_NS MS_TO_NS(100)
/* How often the opening of a window is triggered again: the thread that was told of it may be asleep while another works. */
#define RETRIES 3
/* A process that uses this share of a core is never asleep. */
#define BUSY_SHARE 0.9

static struct wait_point point;
static bool stopping, running; /* under the lock of `point`; `running` under the GVL */
static pthread_t thread;
static void (*trigger_job)(void);
static struct random_bits randomness;

/* Read one by one: a plan that is half old and half new is a plan, too. */
static struct {
    _Atomic uint64_t gap_ns, length_ns;
    _Atomic double chance;
} plans[WINDOW_KINDS];

static _Atomic uint64_t cpu_ns;
static struct window_tick ticks[TICKS_KEPT];
static _Atomic uint64_t tick_count, handled;

static uint64_t process_cpu_ns(void)
{
    return clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

/* False when it is time to end. */
static bool wait_until(uint64_t deadline_ns)
{
    wait_point_lock(&point);
    while (!stopping && wait_point_wait_until(&point, deadline_ns))
        ;
    bool go_on = !stopping;
    wait_point_unlock(&point);
    return go_on;
}

static uint64_t publish(unsigned kind, uint64_t open_ns, uint64_t length_ns, uint64_t gap_ns)
{
    uint64_t number = atomic_load(&tick_count) + 1;
    ticks[number % TICKS_KEPT] = (struct window_tick){.open_ns = open_ns,
                                                      .close_ns = open_ns + length_ns,
                                                      .open_cpu_ns = process_cpu_ns(),
                                                      .stretch_ns = gap_ns,
                                                      .kind = kind};
    atomic_store(&tick_count, number);
    return number;
}

/* Where the process computes all the time, the thread that was told of the window is the one that works, and once is enough. */
static bool insist(uint64_t number, bool busy)
{
    struct window_tick *tick = &ticks[number % TICKS_KEPT];
    uint64_t step_ns = (tick->close_ns - tick->open_ns) / (RETRIES + 1);
    for (int i = 1; i <= RETRIES && !busy; i++) {
        if (!wait_until(tick->open_ns + (uint64_t)i * step_ns)) return false;
        if (atomic_load(&handled) >= number) break;
        trigger_job();
    }
    return true;
}

static unsigned draw_kind(void)
{
    double left = random_bits_unit(&randomness);
    for (unsigned kind = 0; kind < WINDOW_KINDS - 1; kind++)
        if ((left -= atomic_load(&plans[kind].chance)) < 0) return kind;
    return WINDOW_KINDS - 1;
}

static uint64_t draw_length(unsigned kind)
{
    uint64_t length_ns = atomic_load(&plans[kind].length_ns);
    return length_ns / 2 + (uint64_t)(random_bits_unit(&randomness) * (double)length_ns);
}

/* The stretch is drawn first, independently of what will happen in it. */
static uint64_t draw_gap(unsigned kind, uint64_t length_ns, unsigned idle_ticks)
{
    uint64_t gap_ns = atomic_load(&plans[kind].gap_ns);
    while (idle_ticks-- && gap_ns < IDLE_GAP_NS)
        gap_ns *= 2;
    gap_ns = gap_ns * 3 / 4 + (uint64_t)(random_bits_unit(&randomness) * (double)gap_ns / 2);
    return gap_ns > length_ns + length_ns / 4 ? gap_ns : length_ns + length_ns / 4;
}

static void draw_windows(void)
{
    uint64_t begin_ns = monotonic_ns(), opened_before_ns = begin_ns, cpu_before_ns = process_cpu_ns();
    for (unsigned idle_ticks = 0;;) {
        unsigned kind = draw_kind();
        uint64_t length_ns = draw_length(kind), gap_ns = draw_gap(kind, length_ns, idle_ticks);
        double room_ns = (double)(gap_ns - length_ns);
        uint64_t open_ns = begin_ns + (uint64_t)(random_bits_unit(&randomness) * room_ns);
        if (!wait_until(open_ns)) return;

        uint64_t used_ns = process_cpu_ns() - cpu_before_ns, elapsed_ns = open_ns - opened_before_ns;
        bool busy = (double)used_ns > BUSY_SHARE * (double)elapsed_ns;
        cpu_before_ns += used_ns;
        opened_before_ns = open_ns;
        idle_ticks = used_ns > IDLE_CPU_NS ? 0 : idle_ticks < 8 ? idle_ticks + 1 : idle_ticks;
        atomic_store_explicit(&cpu_ns, thread_cpu_ns(), memory_order_relaxed);

        /* On a machine that wakes this thread late the window moves; cut short it would be passed over more often than due. */
        uint64_t number = publish(kind, monotonic_ns(), length_ns, gap_ns);
        trigger_job();
        if (!insist(number, busy)) return;
        begin_ns += gap_ns;
        /* A machine that slept, or a thread that got no processor: what was missed is not made up for. */
        uint64_t now_ns = monotonic_ns();
        if (begin_ns + gap_ns < now_ns) begin_ns = now_ns;
    }
}

static void *run(void *unused)
{
#if defined(HAVE_PTHREAD_SETNAME_NP) && defined(__linux__)
    pthread_setname_np(pthread_self(), "heap_periscope");
#endif
    draw_windows();
    return unused;
}

void window_timer_init(void)
{
    wait_point_init(&point);
    random_bits_seed(&randomness, 1);
}

bool window_timer_start(void (*trigger)(void))
{
    if (running) return true;
    if (!arming_open_p()) return false;
    trigger_job = trigger;
    stopping = false;
    /* Signals are blocked before the thread is there: not one may reach it. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    running = pthread_create(&thread, NULL, run, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return running;
}

void window_timer_stop(void)
{
    if (!running) return;
    wait_point_lock(&point);
    stopping = true;
    wait_point_wake(&point);
    wait_point_unlock(&point);
    pthread_join(thread, NULL);
    running = false;
}

void window_timer_plan(const struct window_kinds *kinds)
{
    for (unsigned kind = 0; kind < WINDOW_KINDS; kind++) {
        atomic_store(&plans[kind].gap_ns, kinds->kinds[kind].gap_ns);
        atomic_store(&plans[kind].length_ns, kinds->kinds[kind].length_ns);
        atomic_store(&plans[kind].chance, kinds->kinds[kind].chance);
    }
}

uint64_t window_timer_count(void)
{
    return atomic_load(&tick_count);
}

struct window_tick window_timer_tick(uint64_t n)
{
    return ticks[n % TICKS_KEPT];
}

void window_timer_handled(uint64_t n)
{
    atomic_store(&handled, n);
}

uint64_t window_timer_cpu_ns(void)
{
    return atomic_load_explicit(&cpu_ns, memory_order_relaxed);
}

void window_timer_lock(void)
{
    wait_point_lock(&point);
}

void window_timer_unlock(void)
{
    wait_point_unlock(&point);
}

void window_timer_reset(void)
{
    wait_point_init(&point);
    running = stopping = false;
    atomic_store(&cpu_ns, 0);
    random_bits_seed(&randomness, 2);
}
