// Starting a child. Everything in `child` runs in the parent's memory while the calling thread is suspended, so it
// makes only system calls: no allocation, no locks, and no glibc wrapper that signals the parent's other threads
// (setuid and its kin do, hence the bare calls).
#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

enum { child_stack_bytes = 256 * 1024 };

struct child_state {
  const struct strata_spawn *spawn;
  pid_t parent;
  int step, failure;
};

// By the bare call, since glibc refuses its own two signals, which a parent may have left ignored. The kernel's
// structure in all zeros means the default, whatever its layout.
static int reset_signals(void) {
  static const unsigned long defaults[16];
  sigset_t none;
  for (int signal = 1; signal < NSIG; signal++) syscall(SYS_rt_sigaction, signal, defaults, NULL, 8);
  sigemptyset(&none);
  return sigprocmask(SIG_SETMASK, &none, NULL);
}

static int set_session(const struct strata_spawn *spawn) {
  if (spawn->new_session) return setsid() < 0 ? -1 : 0;
  return spawn->new_process_group ? setpgid(0, 0) : 0;
}

static int set_limits(const struct strata_spawn *spawn) {
  for (int index = 0; index < spawn->limit_count; index++) {
    const struct strata_resource_limit *limit = &spawn->limits[index];
    struct rlimit value = {(rlim_t)limit->soft, (rlim_t)limit->hard};
    if (setrlimit(limit->resource, &value) != 0) return -1;
  }
  return 0;
}

static int set_nice(const struct strata_spawn *spawn) {
  if (spawn->nice_increment == 0) return 0;
  errno = 0;
  return nice(spawn->nice_increment) == -1 && errno != 0 ? -1 : 0;
}

static int set_user(const struct strata_spawn *spawn) {
  if (!spawn->changes_user) return 0;
  if (syscall(SYS_setgroups, spawn->group_count, spawn->groups) != 0) return -1;
  if (syscall(SYS_setresgid, spawn->group, spawn->group, spawn->group) != 0) return -1;
  return (int)syscall(SYS_setresuid, spawn->user, spawn->user, spawn->user);
}

static int set_directory(const struct strata_spawn *spawn) { return spawn->directory ? chdir(spawn->directory) : 0; }

// After the user is set, which clears it. The parent may have died before the call: then nobody would send it.
static int set_parent_death(const struct child_state *state) {
  if (state->spawn->parent_death_signal == 0) return 0;
  if (prctl(PR_SET_PDEATHSIG, state->spawn->parent_death_signal, 0, 0, 0) != 0) return -1;
  if (getppid() == state->parent) return 0;
  errno = ESRCH;
  return -1;
}

static int close_from(int first) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, first, ~0U, 0) == 0) return 0;
#endif
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  for (int descriptor = first; descriptor < (int)limit.rlim_cur; descriptor++) close(descriptor);
  return 0;
}

// All copies are first moved out of the way, so that no assignment overwrites a source still needed.
static int set_descriptors(const struct strata_spawn *spawn) {
  int count = spawn->descriptor_count;
  for (int index = 0; index < count; index++) {
    if (spawn->descriptors[index] < 0) continue;
    spawn->descriptors[index] = fcntl(spawn->descriptors[index], F_DUPFD_CLOEXEC, count);
    if (spawn->descriptors[index] < 0) return -1;
  }
  for (int index = 0; index < count; index++) {
    if (spawn->descriptors[index] < 0) close(index);
    else if (dup2(spawn->descriptors[index], index) < 0) return -1;
  }
  return close_from(count);
}

static int execute(const struct strata_spawn *spawn) {
  return execve(spawn->executable, spawn->arguments, spawn->environment);
}

static int child(void *argument) {
  struct child_state *state = argument;
  const struct strata_spawn *spawn = state->spawn;
  int failed = reset_signals();
#define STEP(name, call) \
  if (!failed) { \
    state->step = name; \
    failed = (call); \
  }
  STEP(STRATA_SPAWN_SESSION, set_session(spawn))
  // Before the limits: the number of open files may be one, and the parent may hold more than that.
  STEP(STRATA_SPAWN_DESCRIPTORS, set_descriptors(spawn))
  STEP(STRATA_SPAWN_LIMITS, set_limits(spawn))
  STEP(STRATA_SPAWN_NICE, set_nice(spawn))
  STEP(STRATA_SPAWN_USER, set_user(spawn))
  STEP(STRATA_SPAWN_DIRECTORY, set_directory(spawn))
  STEP(STRATA_SPAWN_PARENT_DEATH, set_parent_death(state))
  STEP(STRATA_SPAWN_EXEC, execute(spawn))
  state->failure = errno;
  _exit(127);
}

// The thread sanitiser keeps books on each process's own memory and cannot follow a child that shares it.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SHARED_MEMORY 0
#endif
#endif
#ifndef SHARED_MEMORY
#define SHARED_MEMORY CLONE_VM
#endif

int strata_spawn(const struct strata_spawn *spawn, struct strata_spawned *spawned) {
  // Shared even where the rest of the memory is not, for the child's report; the state lies below its stack.
  char *memory = mmap(NULL, child_stack_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return errno;
  struct child_state *state = (struct child_state *)memory;
  *state = (struct child_state){.spawn = spawn, .parent = getpid()};
  // A handler of the parent must not run on the child's behalf.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  spawned->pidfd = -1;
  pid_t pid = clone(
    child, memory + child_stack_bytes, SHARED_MEMORY | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, state, &spawned->pidfd);
  int failure = pid < 0 ? errno : state->failure;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  spawned->pid = pid;
  spawned->step = state->step;
  munmap(memory, child_stack_bytes);
  if (pid > 0 && failure != 0) {
    waitpid(pid, NULL, 0);
    close(spawned->pidfd);
  }
  return failure;
}
