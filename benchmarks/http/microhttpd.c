// The peer of `strata-bench http`: the same answers by libmicrohttpd, with one epoll thread.
// Prints its port, and serves until its standard input ends.
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char hello[] = "hello, world\n";
static const char accepted[] = "{\"accepted\":true}";

static enum MHD_Result answer(struct MHD_Connection *connection, const char *text, const char *type) {
  struct MHD_Response *response =
      MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT);
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
  enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
  MHD_destroy_response(response);
  return result;
}

static enum MHD_Result handle(
    void *context, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_size, void **state) {
  (void)context, (void)url, (void)version, (void)upload;
  static int seen;
  if (*state == NULL) {
    *state = &seen;
    return MHD_YES;
  }
  if (strcmp(method, "GET") == 0) return answer(connection, hello, "text/plain; charset=utf-8");
  if (*upload_size != 0) {
    *upload_size = 0;
    return MHD_YES;
  }
  return answer(connection, accepted, "application/json");
}

int main(void) {
  struct MHD_Daemon *daemon =
      MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, handle, NULL, MHD_OPTION_END);
  if (daemon == NULL) return 1;
  printf("%u\n", (unsigned)MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
  fflush(stdout);
  char byte;
  while (read(0, &byte, 1) > 0) {
  }
  MHD_stop_daemon(daemon);
  return 0;
}
