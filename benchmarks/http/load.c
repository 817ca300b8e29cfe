// Load for `strata-bench http`: keeps one request outstanding on each of a number of connections to 127.0.0.1.
// load PORT CONNECTIONS REQUESTS get|post; prints the seconds it took.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { body_bytes = 300 };
static char request[1024];
static size_t request_bytes;
// The bytes of one answer: all are equal in length.
static size_t answer_bytes;
static size_t *received;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void make_request(const char *method) {
  if (strcmp(method, "get") == 0) {
    request_bytes = sprintf(request, "GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n");
    return;
  }
  char body[body_bytes + 1];
  size_t start = sprintf(body, "{\"capability\":\"command.run\",\"priority\":7,\"input\":\"");
  memset(body + start, 'x', body_bytes - start - 2);
  memcpy(body + body_bytes - 2, "\"}", 3);
  request_bytes = sprintf(
      request,
      "POST /jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
      body_bytes, body);
}

static int open_connection(int port) {
  int descriptor = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return descriptor;
}

static void ask(int descriptor) {
  if (send(descriptor, request, request_bytes, MSG_NOSIGNAL) != (ssize_t)request_bytes) fail("send");
}

// Asks once and measures the answer.
static void measure(int descriptor) {
  char answer[4096];
  size_t count = 0;
  ask(descriptor);
  while (1) {
    ssize_t more = recv(descriptor, answer + count, sizeof answer - 1 - count, 0);
    if (more <= 0) fail("recv");
    count += more;
    answer[count] = 0;
    char *end = strstr(answer, "\r\n\r\n"), *length = strcasestr(answer, "content-length: ");
    if (end == NULL || length == NULL) continue;
    answer_bytes = end + 4 - answer + atoi(length + 16);
    if (strncmp(answer, "HTTP/1.1 200", 12) != 0) fail("status");
    if (count >= answer_bytes) return;
  }
}

// True if the connection's answer is complete.
static int receive(int descriptor) {
  char part[4096];
  ssize_t count = recv(descriptor, part, sizeof part, 0);
  if (count <= 0) fail("recv");
  received[descriptor] += count;
  if (received[descriptor] < answer_bytes) return 0;
  received[descriptor] = 0;
  return 1;
}

int main(int count, char **arguments) {
  if (count != 5) return 2;
  int port = atoi(arguments[1]), connections = atoi(arguments[2]);
  long requests = atol(arguments[3]), started = 0, finished = 0;
  make_request(arguments[4]);
  received = calloc(connections + 64, sizeof *received);
  int epoll = epoll_create1(0);
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (int index = 0; index < connections && started < requests; index++, started++) {
    int descriptor = open_connection(port);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    if (index == 0) measure(descriptor);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) fail("epoll_ctl");
    ask(descriptor);
  }
  struct epoll_event events[256];
  while (finished < started) {
    int ready = epoll_wait(epoll, events, 256, 10000);
    if (ready <= 0) fail("epoll_wait");
    for (int index = 0; index < ready; index++) {
      if (!receive(events[index].data.fd)) continue;
      finished++;
      if (started < requests) {
        started++;
        ask(events[index].data.fd);
      }
    }
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("%.6f\n", end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) * 1e-9);
  return 0;
}
