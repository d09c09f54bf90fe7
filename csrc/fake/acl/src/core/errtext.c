// The error text of a thread, in the vendor's form:
//   [PID: 1] 2026-01-31-12:00:00.000.000 Invalid_Argument(EH0001): Value 0 for size is invalid. Reason: ...
// Form and titles: [rt] src/dfx/error_manager/error_manager.cc (GetErrorMessage),
// error_code.json. Kept per thread, cleared by reading, NULL when empty:
// ascend.md 1.5 "Errors arrive late", [rt] src/acl/aclrt_impl/acl.cpp aclGetRecentErrMsg.
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fake.h"

static __thread char pending[4096]; // since the last read
static __thread char given[4096];   // what the last read returned; valid until the next
static char last_misuse[1024];

static const struct {
  const char *id, *title, *hint;
} titles[] = {
    {"EE1001", "Invalid_Argument", "Solution: 1. Check the input parameter range of the function. 2. Check the function invocation relationship."},
    {"EE9999", "Inner_Error", NULL},
    {"EH0001", "Invalid_Argument", NULL},
    {"EH0002", "Invalid_Argument_Null_Pointer", "Solution: Try again with a correct pointer argument."},
    {"EH0004", "File_Operation_Error", NULL},
    {"EH9999", "Inner_Error", NULL},
    {"EL0004", "Failed_to_Allocate_Memory", "Possible Cause: Available memory is insufficient."},
    {"EZ1001", "AclNN_Parameter_Error", NULL},
    {"EZ9999", "AclNN_Inner_Error", "Solution: 1. Check whether the CANN package is correct. 2. Check whether the environment variable is correct."},
};

static void stamp(char *out, size_t size) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  struct tm t;
  localtime_r(&now.tv_sec, &t);
  char day[40];
  strftime(day, sizeof day, "%Y-%m-%d-%H:%M:%S", &t);
  snprintf(out, size, "%s.%03ld.%03ld", day, now.tv_nsec / 1000000, now.tv_nsec / 1000 % 1000);
}

int fk_error(int code, const char *id, const char *format, ...) {
  char text[1024], when[64];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  size_t used = strlen(pending);
  if (used > 0) { // only the first message carries its head
    snprintf(pending + used, sizeof pending - used, "%s        %s\n",
             strstr(pending, "TraceBack") == NULL ? "TraceBack (most recent call last):\n" : "", text);
    return code;
  }
  const char *title = "Inner_Error", *hint = NULL;
  for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
    if (strcmp(titles[i].id, id) == 0) {
      title = titles[i].title;
      hint = titles[i].hint;
    }
  stamp(when, sizeof when);
  snprintf(pending, sizeof pending, "[PID: %d] %s %s(%s): %s\n%s%s%s", (int)getpid(), when, title, id, text,
           hint != NULL ? "        " : "", hint != NULL ? hint : "", hint != NULL ? "\n" : "");
  return code;
}

int fk_null(const char *param) { return fk_error(INVALID_PARAM, "EH0002", "Argument %s must not be null.", param); }

API const char *aclGetRecentErrMsg(void) {
  if (pending[0] == '\0')
    return NULL;
  memcpy(given, pending, sizeof given);
  pending[0] = '\0';
  return given;
}

static void say(const char *kind, const char *format, va_list args, char *keep, size_t size) {
  char text[1024];
  vsnprintf(text, sizeof text, format, args);
  if (keep != NULL)
    snprintf(keep, size, "%s", text);
  if (fk_setting("QUIET") == NULL)
    fprintf(stderr, "acl stand-in: %s: %s\n", kind, text);
}

void fk_misuse(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fk_stats.misuses++;
  say("misuse", format, args, last_misuse, sizeof last_misuse);
  va_end(args);
  if (fk_setting("ABORT") != NULL)
    abort();
}

void fk_warn(const char *format, ...) {
  va_list args;
  va_start(args, format);
  if (fk_stats.warnings++ < 20)
    say("warning", format, args, NULL, 0);
  va_end(args);
}

API const char *fakeAclLastMisuse(void) { return last_misuse; }
