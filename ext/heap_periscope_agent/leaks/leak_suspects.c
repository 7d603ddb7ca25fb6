#include "leaks/leak_suspects.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct leak_detector detector;
static struct leak_suspect_list told;

static void describe(const struct leak_finding *finding, struct leak_suspect *suspect)
{
    *suspect = (struct leak_suspect){
        .confidence = finding->confidence,
        .by_bytes = finding->by_bytes,
        .news = finding->news,
        .objects_per_hour = finding->objects_per_hour,
        .objects_per_hour_error = finding->objects_per_hour_error,
        .bytes_per_hour = finding->bytes_per_hour,
        .bytes_per_hour_error = finding->bytes_per_hour_error,
        .since = finding->since,
        .settled_ns = finding->settled_ns,
        .count = finding->count,
        .bytes = finding->bytes,
    };
    snprintf(suspect->class_name, sizeof suspect->class_name, "%s", finding->class->name);
}

static void take_findings(struct leak_suspect_list *list)
{
    *list = (struct leak_suspect_list){0};
    if (!detector.finding_count) return;
    list->suspects = malloc(detector.finding_count * sizeof *list->suspects);
    if (!list->suspects) return;
    list->count = detector.finding_count;
    for (size_t i = 0; i < list->count; i++)
        describe(&detector.findings[i], &list->suspects[i]);
}

bool leak_suspects_find(const struct census_result *census, const struct leak_moment *moment,
                        uint64_t collections, struct leak_suspect_list *found)
{
    pthread_mutex_lock(&lock);
    bool new = leak_detector_observe(&detector, moment, collections, census->classes, census->class_count);
    if (new) take_findings(found);
    pthread_mutex_unlock(&lock);
    return new;
}

void leak_suspects_publish(struct leak_suspect_list *list)
{
    pthread_mutex_lock(&lock);
    leak_suspects_free(&told);
    told = *list;
    pthread_mutex_unlock(&lock);
    *list = (struct leak_suspect_list){0};
}

void leak_suspects_copy(struct leak_suspect_list *list)
{
    *list = (struct leak_suspect_list){0};
    pthread_mutex_lock(&lock);
    size_t bytes = told.count * sizeof *told.suspects;
    if (bytes && (list->suspects = malloc(bytes))) {
        memcpy(list->suspects, told.suspects, bytes);
        list->count = told.count;
    }
    pthread_mutex_unlock(&lock);
}

void leak_suspects_free(struct leak_suspect_list *list)
{
    free(list->suspects);
    *list = (struct leak_suspect_list){0};
}

void leak_suspects_lock(void)
{
    pthread_mutex_lock(&lock);
}

void leak_suspects_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

void leak_suspects_reset(void)
{
    pthread_mutex_lock(&lock);
    leak_detector_clear(&detector);
    leak_suspects_free(&told);
    pthread_mutex_unlock(&lock);
}
