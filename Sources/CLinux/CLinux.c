#define _GNU_SOURCE
#include "CLinux.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

void strata_name_this_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

int strata_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int strata_pidfd_send_signal(int pidfd, int signal) {
  return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int strata_wait_exited(int status) { return WIFEXITED(status); }
int strata_wait_exit_code(int status) { return WEXITSTATUS(status); }
int strata_wait_signal(int status) { return WTERMSIG(status); }

int strata_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }
int strata_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }
int strata_fcntl(int descriptor, int command, int argument) { return fcntl(descriptor, command, argument); }

static volatile int signal_pipe = -1;

// write(2) is one of the few calls allowed here; a full pipe already holds enough requests.
static void report_signal(int signal) {
  int before = errno;
  unsigned char byte = (unsigned char)signal;
  if (write(signal_pipe, &byte, 1) < 0) errno = before;
  errno = before;
}

int strata_report_signal(int signal, int descriptor) {
  struct sigaction action = {.sa_handler = report_signal, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  signal_pipe = descriptor;
  return sigaction(signal, &action, NULL);
}

int strata_become_subreaper(int enable) { return prctl(PR_SET_CHILD_SUBREAPER, enable, 0, 0, 0); }

// The address of a unix socket. 0, or -1 and errno for a path that is too long.
static int unix_address(const char *path, struct sockaddr_un *address) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address->sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address->sun_path, path);
  return 0;
}

static int close_failed(int descriptor) {
  int failure = errno;
  close(descriptor);
  errno = failure;
  return -1;
}

int strata_connect_unix(const char *path, int timeout_milliseconds) {
  struct sockaddr_un address;
  if (unix_address(path, &address) != 0) return -1;
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  struct timeval limit = {timeout_milliseconds / 1000, (timeout_milliseconds % 1000) * 1000};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0) return descriptor;
  return close_failed(descriptor);
}

int strata_listen_unix(const char *path, int backlog) {
  struct sockaddr_un address;
  if (unix_address(path, &address) != 0) return -1;
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return -1;
  if (bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0 && listen(descriptor, backlog) == 0)
    return descriptor;
  return close_failed(descriptor);
}

int strata_probe_port(const char *host, unsigned short port) {
  union {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
  } address = {.any = {0}};
  socklen_t length = sizeof address.four;
  if (inet_pton(AF_INET, host, &address.four.sin_addr) == 1) {
    address.four.sin_family = AF_INET;
    address.four.sin_port = htons(port);
  } else if (inet_pton(AF_INET6, host, &address.six.sin6_addr) == 1) {
    length = sizeof address.six;
    address.six.sin6_family = AF_INET6;
    address.six.sin6_port = htons(port);
  } else {
    return EINVAL;
  }
  int descriptor = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1, failure = 0;
  if (descriptor < 0) return errno;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(descriptor, &address.any, length) != 0) failure = errno;
  close(descriptor);
  return failure;
}

int strata_accept(int listener) { return accept4(listener, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK); }

void strata_trim_heap(void) { malloc_trim(0); }
