/*
 * Stands between a program and the C library (LD_PRELOAD) and sees every call on files below one directory.
 *
 * It counts the calls of the wanted kinds and, at one of them, does what it was armed for: sends a signal before or
 * after the call, writes half and kills or returns, answers an error once or from then on, or does the call and answers
 * an error. Every call is logged with all that it takes to do it again: see calls.py, which reads the log.
 *
 * It does nothing before faults_arm() is called, or a program is executed with FAULTS_ARM. One thread is assumed:
 * late.py sees to it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* The kinds and the modes are numbered as in calls.py. */
enum kind { OPEN, WRITE, FSYNC, LINK, RENAME, MKDIR, UNLINK, RMDIR, TRUNCATE, READ_OPEN, READ, LIST, LOCK, SAID, UNKNOWN };
enum mode { LOG, SIGNAL_BEFORE, SIGNAL_AFTER, TORN, SHORT, ERROR_ONCE, ERROR_ALWAYS, ERROR_AFTER };

struct record {
    uint32_t kind, injected, flags;
    int32_t result, error;
    uint32_t path_size, other_size, data_size;
    uint64_t inode;
    int64_t offset;
};

static struct {
    int armed, at, mode, number, log, skips_sync;
    unsigned kinds;
    size_t root_size;
    char root[PATH_MAX];
} plan;
static int counted;

struct call {
    enum kind kind;
    char path[PATH_MAX], other[PATH_MAX];
    int is_ours, is_hit, flags, file;
    int64_t offset;
    const void *data;
};

void faults_arm(const char *root, unsigned kinds, int at, int mode, int number, int log, int skips_sync)
{
    if (!realpath(root, plan.root)) abort();
    plan.root_size = strlen(plan.root);
    plan.kinds = kinds, plan.at = at, plan.mode = mode, plan.number = number;
    plan.log = log, plan.skips_sync = skips_sync;
    counted = 0;
    plan.armed = 1;
}

/* Arms a program that is executed; what this one executes again is not armed. */
__attribute__((constructor)) static void arm_by_environment(void)
{
    const char *words = getenv("FAULTS_ARM");
    unsigned kinds;
    int at, mode, number, log, skips_sync, root;
    if (!words) return;
    if (sscanf(words, "%u %d %d %d %d %d %n", &kinds, &at, &mode, &number, &log, &skips_sync, &root) < 6) abort();
    faults_arm(words + root, kinds, at, mode, number, log, skips_sync);
    unsetenv("FAULTS_ARM");
}

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* ---- which file is meant */

static int of_descriptor(int file, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    long size = syscall(SYS_readlink, link, path, PATH_MAX - 1);
    path[size < 0 ? 0 : size] = 0;
    return size > 0;
}

/* Makes a path absolute; links on the way are followed, one at its end is not. */
static void absolute(int directory, const char *name, char *path)
{
    char joined[2 * PATH_MAX], base[PATH_MAX] = "", parent[PATH_MAX];
    if (name[0] != '/') {
        if (directory == AT_FDCWD) { if (!getcwd(base, sizeof base)) base[0] = 0; }
        else of_descriptor(directory, base);
    }
    snprintf(joined, sizeof joined, "%s/%s", base, name);
    for (size_t size = strlen(joined); size > 1 && joined[size - 1] == '/'; size--) joined[size - 1] = 0;
    char *last = strrchr(joined, '/');
    if (!strcmp(last, "/.") || !strcmp(last, "/..")) {
        if (!realpath(joined, path)) path[0] = 0;
        return;
    }
    *last = 0;
    const char *found = realpath(joined[0] ? joined : "/", parent);
    snprintf(path, PATH_MAX, "%s/%s", !found ? joined : strcmp(parent, "/") ? parent : "", last + 1);
}

static int is_below_root(const char *path)
{
    return !strncmp(path, plan.root, plan.root_size) && (path[plan.root_size] == '/' || !path[plan.root_size]);
}

/* ---- before and after each call */

static void log_call(const struct call *call, long result, int error)
{
    struct stat status;
    int is_done = result >= 0, is_on_file = !call->other[0] && call->file >= 0;
    struct record record = {
        .kind = call->kind, .injected = call->is_hit, .flags = call->flags,
        .result = result, .error = is_done ? 0 : error,
        .path_size = strlen(call->path), .other_size = strlen(call->other),
        .data_size = call->kind == WRITE && is_done ? result : 0, .offset = call->offset,
    };
    const char *made = call->other[0] ? call->other : call->path;
    if (is_done && !(is_on_file ? fstat(call->file, &status) : lstat(made, &status))) record.inode = status.st_ino;
    struct iovec parts[] = {
        {&record, sizeof record}, {(void *)call->path, record.path_size},
        {(void *)call->other, record.other_size}, {(void *)call->data, record.data_size},
    };
    if (plan.log >= 0 && syscall(SYS_writev, plan.log, parts, 4) < 0) abort();
}

static int meets(struct call *call)
{
    if (!call->is_ours || !(plan.kinds >> call->kind & 1)) return 0;
    counted++;
    return counted == plan.at || (counted > plan.at && plan.mode == ERROR_ALWAYS);
}

/* Returns whether the call must fail now, with errno set. */
static int begin(struct call *call)
{
    call->is_hit = meets(call);
    if (!call->is_hit) return 0;
    if (plan.mode == SIGNAL_BEFORE) kill(getpid(), plan.number);
    if (plan.mode != ERROR_ONCE && plan.mode != ERROR_ALWAYS) return 0;
    log_call(call, -1, plan.number);
    errno = plan.number;
    return 1;
}

static long end(struct call *call, long result)
{
    int error = errno;
    if (!call->is_ours) return result;
    log_call(call, result, error);
    if (call->is_hit && plan.mode == SIGNAL_AFTER) kill(getpid(), plan.number);
    if (call->is_hit && plan.mode == TORN) kill(getpid(), SIGKILL);
    if (call->is_hit && plan.mode == ERROR_AFTER && result >= 0) result = -1, error = plan.number;
    errno = error;
    return result;
}

static struct call on_path(enum kind kind, int directory, const char *path)
{
    struct call call = {.kind = kind, .file = -1};
    if (!plan.armed || !path) return call;
    absolute(directory, path, call.path);
    call.is_ours = is_below_root(call.path);
    return call;
}

static struct call on_two_paths(enum kind kind, int from, const char *old, int to, const char *new)
{
    struct call call = on_path(kind, to, new);
    if (!plan.armed) return call;
    memcpy(call.other, call.path, sizeof call.path);
    absolute(from, old, call.path);
    call.is_ours = call.is_ours || is_below_root(call.path);
    return call;
}

static struct call on_file(enum kind kind, int file)
{
    struct call call = {.kind = kind, .file = file};
    if (!plan.armed) return call;
    call.is_ours = of_descriptor(file, call.path) && is_below_root(call.path);
    return call;
}

/* A call that changes files in a way that the model of the power cut does not know: better no answer than a wrong one. */
static void refuse_unknown(int file, const char *name)
{
    struct call call = on_file(UNKNOWN, file);
    if (!call.is_ours) return;
    dprintf(2, "faults: %s on %s is not modelled\n", name, call.path);
    abort();
}

/* ---- the calls */

static enum kind kind_of_open(int flags)
{
    return flags & (O_CREAT | O_TRUNC) ? OPEN : READ_OPEN;
}

static mode_t mode_of_open(int flags, va_list more)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
}

#define OPEN_CALL(name, parameters, directory, ...) \
    int name parameters \
    { \
        REAL(name); \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = mode_of_open(flags, more); \
        va_end(more); \
        struct call call = on_path(kind_of_open(flags), directory, path); \
        call.flags = flags; \
        if (begin(&call)) return -1; \
        int file = real(__VA_ARGS__, flags, mode); \
        int answer = end(&call, file); \
        if (answer < 0 && file >= 0) close(file); \
        return answer; \
    }

OPEN_CALL(open, (const char *path, int flags, ...), AT_FDCWD, path)
OPEN_CALL(open64, (const char *path, int flags, ...), AT_FDCWD, path)
OPEN_CALL(openat, (int directory, const char *path, int flags, ...), directory, directory, path)
OPEN_CALL(openat64, (int directory, const char *path, int flags, ...), directory, directory, path)

/* How programs with checked calls (_FORTIFY_SOURCE) open what is there already. */
int __open64_2(const char *path, int flags) { return open64(path, flags); }

#define PATH_CALL(kind, name, parameters, directory, ...) \
    int name parameters \
    { \
        REAL(name); \
        struct call call = on_path(kind, directory, path); \
        return begin(&call) ? -1 : end(&call, real(__VA_ARGS__)); \
    }

PATH_CALL(MKDIR, mkdir, (const char *path, mode_t mode), AT_FDCWD, path, mode)
PATH_CALL(MKDIR, mkdirat, (int directory, const char *path, mode_t mode), directory, directory, path, mode)
PATH_CALL(UNLINK, unlink, (const char *path), AT_FDCWD, path)
PATH_CALL(RMDIR, rmdir, (const char *path), AT_FDCWD, path)
PATH_CALL(flags & AT_REMOVEDIR ? RMDIR : UNLINK, unlinkat, (int directory, const char *path, int flags), directory,
          directory, path, flags)

#define TWO_PATH_CALL(kind, name, parameters, from, to, ...) \
    int name parameters \
    { \
        REAL(name); \
        struct call call = on_two_paths(kind, from, old, to, new); \
        return begin(&call) ? -1 : end(&call, real(__VA_ARGS__)); \
    }

TWO_PATH_CALL(LINK, link, (const char *old, const char *new), AT_FDCWD, AT_FDCWD, old, new)
TWO_PATH_CALL(LINK, linkat, (int from, const char *old, int to, const char *new, int flags), from, to,
              from, old, to, new, flags)
TWO_PATH_CALL(RENAME, rename, (const char *old, const char *new), AT_FDCWD, AT_FDCWD, old, new)
TWO_PATH_CALL(RENAME, renameat, (int from, const char *old, int to, const char *new), from, to, from, old, to, new)

/* What is printed is logged, so that one knows what was promised when; it is not counted. */
static struct call on_write(int file, const void *data)
{
    struct call call = on_file(WRITE, file);
    if (plan.armed && file == STDOUT_FILENO) call.kind = SAID, call.is_ours = 1;
    call.data = data;
    return call;
}

static size_t half_if_torn(const struct call *call, size_t size)
{
    return call->is_hit && (plan.mode == TORN || plan.mode == SHORT) && size > 1 ? size / 2 : size;
}

ssize_t write(int file, const void *data, size_t size)
{
    REAL(write);
    struct call call = on_write(file, data);
    if (begin(&call)) return -1;
    if (call.kind == WRITE && call.is_ours)
        call.offset = lseek(file, 0, fcntl(file, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
    return end(&call, real(file, data, half_if_torn(&call, size)));
}

ssize_t pwrite64(int file, const void *data, size_t size, off64_t offset)
{
    REAL(pwrite64);
    struct call call = on_write(file, data);
    call.offset = offset;
    return begin(&call) ? -1 : end(&call, real(file, data, half_if_torn(&call, size), offset));
}

/* A stream writes from inside the C library, where nothing can stand between: here it writes by the calls above. */
static ssize_t write_stream(void *file, const char *data, size_t size)
{
    ssize_t done = write((int)(intptr_t)file, data, size);
    return done < 0 ? 0 : done; /* which is how a stream is told of an error */
}

static int close_stream(void *file) { return close((int)(intptr_t)file); }

FILE *fopen64(const char *path, const char *mode)
{
    REAL(fopen64);
    if (mode[0] == 'r' || !on_path(OPEN, AT_FDCWD, path).is_ours) return real(path, mode);
    int file = open64(path, O_WRONLY | O_CREAT | (mode[0] == 'a' ? O_APPEND : O_TRUNC), 0666);
    cookie_io_functions_t calls = {.write = write_stream, .close = close_stream};
    return file < 0 ? NULL : fopencookie((void *)(intptr_t)file, mode, calls);
}

int ftruncate64(int file, off64_t size)
{
    REAL(ftruncate64);
    struct call call = on_file(TRUNCATE, file);
    call.offset = size;
    return begin(&call) ? -1 : end(&call, real(file, size));
}

ssize_t read(int file, void *data, size_t size)
{
    REAL(read);
    struct call call = on_file(READ, file);
    return begin(&call) ? -1 : end(&call, real(file, data, size));
}

ssize_t pread64(int file, void *data, size_t size, off64_t offset)
{
    REAL(pread64);
    struct call call = on_file(READ, file);
    return begin(&call) ? -1 : end(&call, real(file, data, size, offset));
}

ssize_t preadv64v2(int file, const struct iovec *parts, int count, off64_t offset, int flags)
{
    REAL(preadv64v2);
    struct call call = on_file(READ, file);
    return begin(&call) ? -1 : end(&call, real(file, parts, count, offset, flags));
}

static int sync_or_pretend(int (*real)(int), int file)
{
    struct call call = on_file(FSYNC, file);
    if (begin(&call)) return -1;
    return end(&call, call.is_ours && plan.skips_sync ? 0 : real(file));
}

int fsync(int file) { REAL(fsync); return sync_or_pretend(real, file); }
int fdatasync(int file) { REAL(fdatasync); return sync_or_pretend(real, file); }

int flock(int file, int operation)
{
    REAL(flock);
    struct call call = on_file(LOCK, file);
    return begin(&call) ? -1 : end(&call, real(file, operation));
}

DIR *fdopendir(int file)
{
    REAL(fdopendir);
    struct call call = on_file(LIST, file);
    if (begin(&call)) return NULL;
    end(&call, 0);
    return real(file);
}

#define FILE_CALL_NOT_MODELLED(type, name, parameters, file, ...) \
    type name parameters { REAL(name); if (plan.armed) refuse_unknown(file, #name); return real(__VA_ARGS__); }

FILE_CALL_NOT_MODELLED(ssize_t, writev, (int file, const struct iovec *parts, int count), file, file, parts, count)
FILE_CALL_NOT_MODELLED(int, posix_fallocate64, (int file, off64_t offset, off64_t size), file, file, offset, size)
FILE_CALL_NOT_MODELLED(ssize_t, sendfile64, (int to, int from, off64_t *offset, size_t size), to, to, from, offset, size)
FILE_CALL_NOT_MODELLED(ssize_t, pwritev64v2, (int file, const struct iovec *parts, int count, off64_t offset, int flags),
                       file, file, parts, count, offset, flags)
FILE_CALL_NOT_MODELLED(ssize_t, copy_file_range,
                       (int from, off64_t *at, int to, off64_t *there, size_t size, unsigned flags),
                       to, from, at, to, there, size, flags)
