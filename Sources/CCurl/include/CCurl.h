// libcurl's easy interface for Swift, which cannot call variadic functions: one shim for each type of argument.
#pragma once
#include <curl/curl.h>

CURLcode strata_curl_set_number(CURL *handle, CURLoption option, long value);
CURLcode strata_curl_set_size(CURL *handle, CURLoption option, curl_off_t value);
// libcurl copies the text.
CURLcode strata_curl_set_text(CURL *handle, CURLoption option, const char *value);
CURLcode strata_curl_set_pointer(CURL *handle, CURLoption option, void *value);
CURLcode strata_curl_set_headers(CURL *handle, struct curl_slist *headers);

typedef size_t (*strata_curl_transfer)(char *bytes, size_t size, size_t count, void *context);
typedef int (*strata_curl_seek)(void *context, curl_off_t offset, int origin);
typedef int (*strata_curl_progress)(
    void *context, curl_off_t to_receive, curl_off_t received, curl_off_t to_send, curl_off_t sent);

// All callbacks get the same context.
void strata_curl_set_callbacks(
    CURL *handle, void *context, strata_curl_transfer header, strata_curl_transfer receive,
    strata_curl_progress progress);
void strata_curl_set_upload(CURL *handle, void *context, strata_curl_transfer send, strata_curl_seek seek);

long strata_curl_status(CURL *handle);
CURLcode strata_curl_global_init(void);
