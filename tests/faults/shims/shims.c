/* Loaded into a node with LD_PRELOAD by the fault tests (see journal.py and building.py).
 *
 * BP_POWER_ROOT, BP_POWER_JOURNAL: every change of a file or a folder under the root is written to the journal, in order, and so is every
 * fsync of one; nothing is really synced. From the journal the folder is rebuilt as a disk would have it when power failed.
 * BP_CLOCK_AHEAD: seconds by which the wall clock is ahead (or behind, when negative).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))real(#name))
#define MAX_FD 65536

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

/* ---- the journal ---- */

struct head { uint8_t kind; uint64_t file, offset; uint32_t first, second; } __attribute__((packed));

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_length;
static int journal = -1;
/* The inode of each descriptor under the root; 0 for all others. */
static uint64_t tracked[MAX_FD];

__attribute__((constructor)) static void begin(void) {
    const char *where = getenv("BP_POWER_ROOT"), *into = getenv("BP_POWER_JOURNAL");
    if (!where || !into || !realpath(where, root)) return;
    root_length = strlen(root);
    journal = REAL(open)(into, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (journal < 0) abort();
}

static void note(char kind, uint64_t file, uint64_t offset, const void *first, size_t first_size, const void *second, size_t second_size) {
    struct head head = {(uint8_t)kind, file, offset, (uint32_t)first_size, (uint32_t)second_size};
    struct iovec parts[3] = {{&head, sizeof head}, {(void *)first, first_size}, {(void *)second, second_size}};
    if (REAL(writev)(journal, parts, 3) < 0) abort();
}

static void note_path(char kind, uint64_t file, const char *path) { note(kind, file, 0, path, strlen(path), "", 0); }

static int within(const char *path) { return !strncmp(path, root, root_length) && (path[root_length] == '/' || !path[root_length]); }

/* The absolute path of a name, whose folder must exist; false when it is not under the root. */
static int located(int folder, const char *name, char *path) {
    char joined[2 * PATH_MAX], base[PATH_MAX];
    if (journal < 0 || !name) return 0;
    if (name[0] == '/' || folder == AT_FDCWD) {
        snprintf(joined, sizeof joined, "%s", name);
    } else {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t size = readlink(link, base, sizeof base - 1);
        if (size < 0) return 0;
        base[size] = 0;
        snprintf(joined, sizeof joined, "%s/%s", base, name);
    }
    char *slash = strrchr(joined, '/');
    char last[NAME_MAX + 1];
    if (snprintf(last, sizeof last, "%.*s", NAME_MAX, slash ? slash + 1 : joined) < 0) return 0;
    if (slash) *slash = 0;
    if (!realpath(slash ? (slash == joined ? "/" : joined) : ".", base)) return 0;
    if (strlen(base) + strlen(last) + 2 > PATH_MAX) return 0;
    strcpy(path, base);
    if (last[0]) { strcat(path, "/"); strcat(path, last); }
    return within(path);
}

static int opened(const char *call, int folder, const char *name, int flags, mode_t mode) {
    int (*openat_really)(int, const char *, int, ...) = (int (*)(int, const char *, int, ...))real("openat");
    char path[PATH_MAX];
    struct stat before, after;
    (void)call;
    if (!located(folder, name, path)) return openat_really(folder, name, flags, mode);
    pthread_mutex_lock(&turn);
    int was = !stat(path, &before);
    int made = openat_really(folder, name, flags, mode), problem = errno;
    if (made >= 0 && made < MAX_FD && !fstat(made, &after)) {
        tracked[made] = after.st_ino;
        if (!was) note_path('c', after.st_ino, path);
        else note_path('o', after.st_ino, path);
        if (was && flags & O_TRUNC && S_ISREG(after.st_mode)) note('t', after.st_ino, 0, "", 0, "", 0);
    }
    pthread_mutex_unlock(&turn);
    errno = problem;
    return made;
}

#define OPENING(name, folder_parameter, folder) \
    int name(folder_parameter const char *path, int flags, ...) { \
        mode_t mode = 0; \
        if (flags & (O_CREAT | O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); } \
        return opened(#name, folder, path, flags, mode); \
    }
#define COMMA ,
OPENING(open, , AT_FDCWD)
OPENING(open64, , AT_FDCWD)
OPENING(openat, int at COMMA, at)
OPENING(openat64, int at COMMA, at)

int close(int descriptor) {
    if (journal >= 0 && descriptor == journal) return 0;
    if (descriptor >= 0 && descriptor < MAX_FD) tracked[descriptor] = 0;
    return REAL(close)(descriptor);
}

static uint64_t file_of(int descriptor) {
    return journal >= 0 && descriptor >= 0 && descriptor < MAX_FD ? tracked[descriptor] : 0;
}

#define CHANGING(file, doing, noting) \
    pthread_mutex_lock(&turn); \
    __typeof__(doing) done = (doing); \
    int problem = errno; \
    if (done >= 0) { noting; } \
    pthread_mutex_unlock(&turn); \
    errno = problem; \
    return done;

ssize_t write(int descriptor, const void *data, size_t size) {
    uint64_t file = file_of(descriptor);
    if (!file) return REAL(write)(descriptor, data, size);
    CHANGING(file, REAL(write)(descriptor, data, size), note('w', file, (uint64_t)(lseek(descriptor, 0, SEEK_CUR) - done), data, (size_t)done, "", 0))
}

static ssize_t pwritten(int descriptor, const void *data, size_t size, off_t offset) {
    uint64_t file = file_of(descriptor);
    if (!file) return REAL(pwrite)(descriptor, data, size, offset);
    CHANGING(file, REAL(pwrite)(descriptor, data, size, offset), note('w', file, (uint64_t)offset, data, (size_t)done, "", 0))
}
ssize_t pwrite(int descriptor, const void *data, size_t size, off_t offset) { return pwritten(descriptor, data, size, offset); }
ssize_t pwrite64(int descriptor, const void *data, size_t size, off_t offset) { return pwritten(descriptor, data, size, offset); }

static int cut(int descriptor, off_t size) {
    uint64_t file = file_of(descriptor);
    if (!file) return REAL(ftruncate)(descriptor, size);
    CHANGING(file, REAL(ftruncate)(descriptor, size), note('t', file, (uint64_t)size, "", 0, "", 0))
}
int ftruncate(int descriptor, off_t size) { return cut(descriptor, size); }
int ftruncate64(int descriptor, off_t size) { return cut(descriptor, size); }

int fsync(int descriptor) {
    uint64_t file = file_of(descriptor);
    if (!file) return REAL(fsync)(descriptor);
    CHANGING(file, 0, note('s', file, 0, "", 0, "", 0))
}

int fdatasync(int descriptor) {
    uint64_t file = file_of(descriptor);
    if (!file) return REAL(fdatasync)(descriptor);
    CHANGING(file, 0, note('s', file, 0, "", 0, "", 0))
}

/* What writes where the journal cannot see it has no place in a node that is under test. */
#define UNSEEN(type, name, parameters, arguments, descriptor) \
    type name parameters { \
        if (file_of(descriptor)) { fprintf(stderr, "shims.c: %s is not seen by the journal\n", #name); abort(); } \
        return REAL(name) arguments; \
    }
UNSEEN(ssize_t, writev, (int out, const struct iovec *parts, int count), (out, parts, count), out)
UNSEEN(ssize_t, pwritev, (int out, const struct iovec *parts, int count, off_t offset), (out, parts, count, offset), out)
UNSEEN(int, posix_fallocate, (int out, off_t offset, off_t size), (out, offset, size), out)
UNSEEN(int, fallocate, (int out, int mode, off_t offset, off_t size), (out, mode, offset, size), out)
UNSEEN(ssize_t, copy_file_range, (int in, off_t *from, int out, off_t *to, size_t size, unsigned flags), (in, from, out, to, size, flags), out)

static int renamed(int from_folder, const char *from, int to_folder, const char *to) {
    char before[PATH_MAX], after[PATH_MAX];
    int inside = located(from_folder, from, before), is_inside = located(to_folder, to, after);
    if (!inside && !is_inside) return REAL(renameat)(from_folder, from, to_folder, to);
    if (!inside || !is_inside) { fprintf(stderr, "shims.c: renamed across the root\n"); abort(); }
    CHANGING(file, REAL(renameat)(from_folder, from, to_folder, to), note('r', 0, 0, before, strlen(before), after, strlen(after)))
}
int rename(const char *from, const char *to) { return renamed(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int from_folder, const char *from, int to_folder, const char *to) { return renamed(from_folder, from, to_folder, to); }

static int removed(int folder, const char *name, int flags) {
    char path[PATH_MAX];
    if (!located(folder, name, path)) return REAL(unlinkat)(folder, name, flags);
    CHANGING(file, REAL(unlinkat)(folder, name, flags), note_path('u', 0, path))
}
int unlink(const char *name) { return removed(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return removed(AT_FDCWD, name, AT_REMOVEDIR); }
int unlinkat(int folder, const char *name, int flags) { return removed(folder, name, flags); }

int mkdirat(int folder, const char *name, mode_t mode) {
    char path[PATH_MAX];
    if (!located(folder, name, path)) return REAL(mkdirat)(folder, name, mode);
    CHANGING(file, REAL(mkdirat)(folder, name, mode), note_path('m', 0, path))
}
int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }

/* ---- the clock ---- */

static long ahead(void) {
    static long seconds = LONG_MIN;
    if (seconds == LONG_MIN) { const char *told = getenv("BP_CLOCK_AHEAD"); seconds = told ? atol(told) : 0; }
    return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *moment) {
    int done = REAL(clock_gettime)(clock, moment);
    if (!done && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) moment->tv_sec += ahead();
    return done;
}

int gettimeofday(struct timeval *restrict moment, void *restrict zone) {
    int done = REAL(gettimeofday)(moment, zone);
    if (!done) moment->tv_sec += ahead();
    return done;
}

time_t time(time_t *kept) {
    struct timespec moment;
    clock_gettime(CLOCK_REALTIME, &moment);
    if (kept) *kept = moment.tv_sec;
    return moment.tv_sec;
}
