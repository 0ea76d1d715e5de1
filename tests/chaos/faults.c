/* Makes the C library fail on purpose, for files below one folder, and sets the wall clock wrong.
 *
 * Loaded by LD_PRELOAD into the process under test. What fails is said by the environment:
 *   CHAOS_FOLDER   files below it are affected, nothing else
 *   CHAOS_CALL     write | sync
 *   CHAOS_FROM     the call of that kind that is the first to fail, counted from 1
 *   CHAOS_COUNT    how many fail from there on
 *   CHAOS_ERRNO    with which error number
 *   CHAOS_SKEW     seconds by which the wall clock is wrong
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static const char *folder;
static const char *call;
static long from, count, error_number, skew;
static atomic_long calls;

__attribute__((constructor)) static void read_environment(void) {
    const char *text;
    folder = getenv("CHAOS_FOLDER");
    call = getenv("CHAOS_CALL");
    if ((text = getenv("CHAOS_FROM"))) from = atol(text);
    if ((text = getenv("CHAOS_COUNT"))) count = atol(text);
    if ((text = getenv("CHAOS_ERRNO"))) error_number = atol(text);
    if ((text = getenv("CHAOS_SKEW"))) skew = atol(text);
}

static int fails(const char *kind, int descriptor) {
    char link[64], path[PATH_MAX];
    ssize_t length;
    long number;
    if (!folder || !call || strcmp(call, kind)) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    if (strncmp(path, folder, strlen(folder))) return 0;
    number = atomic_fetch_add(&calls, 1) + 1;
    if (number < from || number >= from + count) return 0;
    errno = (int)error_number;
    return 1;
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *data, size_t size) {
    REAL(write);
    return fails("write", fd) ? -1 : real(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
    REAL(pwrite);
    return fails("write", fd) ? -1 : real(fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
    REAL(pwrite64);
    return fails("write", fd) ? -1 : real(fd, data, size, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int number) {
    REAL(writev);
    return fails("write", fd) ? -1 : real(fd, parts, number);
}

int fsync(int fd) {
    REAL(fsync);
    return fails("sync", fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
    REAL(fdatasync);
    return fails("sync", fd) ? -1 : real(fd);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    REAL(clock_gettime);
    int result = real(clock, now);
    if (!result && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += skew;
    return result;
}

int gettimeofday(struct timeval *now, void *zone) {
    REAL(gettimeofday);
    int result = real(now, zone);
    if (!result) now->tv_sec += skew;
    return result;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
