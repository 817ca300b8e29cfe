// What Linux offers and Swift's Glibc module leaves out.
#pragma once
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>

// Names the calling thread; pthread_setname_np is a GNU extension that the Glibc module does not see.
void strata_name_this_thread(const char *name);

// A limit for setrlimit(2), applied in the child.
struct strata_resource_limit {
  int resource;
  unsigned long long soft, hard;
};

// Everything the child needs between its creation and exec; all memory is the caller's and is only read, but for
// `descriptors`, which the child may rewrite.
struct strata_spawn {
  const char *executable;  // a path, already searched for
  char *const *arguments;  // NULL-terminated
  char *const *environment;  // NULL-terminated
  const char *directory;  // or NULL to stay
  int *descriptors;  // the child's descriptor i becomes a copy of descriptors[i]; -1 leaves i closed
  int descriptor_count;  // every descriptor from here up is closed
  int changes_user;
  uid_t user;
  gid_t group;
  const gid_t *groups;  // supplementary groups
  int group_count;
  int new_session, new_process_group;
  int parent_death_signal;  // 0 for none
  int nice_increment;
  const struct strata_resource_limit *limits;
  int limit_count;
};

// The steps that can fail in the child, so that an error says what was tried.
enum strata_spawn_step {
  STRATA_SPAWN_CREATE = 0,
  STRATA_SPAWN_SESSION,
  STRATA_SPAWN_LIMITS,
  STRATA_SPAWN_NICE,
  STRATA_SPAWN_USER,
  STRATA_SPAWN_DIRECTORY,
  STRATA_SPAWN_PARENT_DEATH,
  STRATA_SPAWN_DESCRIPTORS,
  STRATA_SPAWN_EXEC,
};

struct strata_spawned {
  pid_t pid;
  int pidfd;
  int step;  // enum strata_spawn_step, meaningful when the result is an error
};

// Starts a child that shares this process's memory until it executes (as posix_spawn does: no page tables are copied,
// no atfork handlers run), with default signal dispositions and an empty signal mask. Blocks until the child has
// executed or failed. Returns 0 or an errno value.
//
// A parent-death signal is tied to the *thread* that calls this: call it from one that lives as long as the process.
int strata_spawn(const struct strata_spawn *spawn, struct strata_spawned *spawned);

// pidfd_open(2) and pidfd_send_signal(2); -1 and errno on failure.
int strata_pidfd_open(pid_t pid);
int strata_pidfd_send_signal(int pidfd, int signal);

// The parts of a wait status; macros that Swift cannot see.
int strata_wait_exited(int status);
int strata_wait_exit_code(int status);
int strata_wait_signal(int status);

// Opens `path` for writing with O_CREAT, which is variadic.
int strata_open(const char *path, int flags, mode_t mode);

// pipe2(2) with close-on-exec ends.
int strata_pipe(int ends[2]);

// fcntl(2) with an integer argument.
int strata_fcntl(int descriptor, int command, int argument);

// From now on each of these signals writes its number, one byte, to the descriptor instead of its default effect.
// 0, or -1 and errno.
int strata_report_signal(int signal, int descriptor);

// Makes this process the one that inherits orphaned descendants. 0, or -1 and errno.
int strata_become_subreaper(int enable);

// A connected unix stream socket (close-on-exec, blocking, with timeouts on both directions), or -1 and errno.
int strata_connect_unix(const char *path, int timeout_milliseconds);

// A unix stream socket (close-on-exec, non-blocking) that listens at a path where nothing is yet, or -1 and errno.
int strata_listen_unix(const char *path, int backlog);

// 0 if a listener could bind to the port of that address (as digits, IPv4 or IPv6), else an errno value: EINVAL for what
// is no address.
int strata_probe_port(const char *host, unsigned short port);

// Gives the heap's free pages back to the system (malloc_trim(3)).
void strata_trim_heap(void);

// accept4(2) of a connection that blocks nobody and that no child process inherits.
int strata_accept(int listener);
