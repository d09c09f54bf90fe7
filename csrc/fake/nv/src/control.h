// What a test asks of the stand-ins: exported by libfakenv.so.
#ifndef CONTROL_H
#define CONTROL_H

// fakenv_reset reads the environment again, sets the counter to 0, and forgets misuse and everything that is alive.
void fakenv_reset(void);
// fakenv_calls returns how many calls there were, of all libraries.
long fakenv_calls(void);
// fakenv_fail makes that call fail (0: none), with code if it is the driver's and code is not 0.
void fakenv_fail(long call, int code);
// fakenv_misuse returns a line for every misuse, or "".
const char *fakenv_misuse(void);
// fakenv_live returns the kinds of the objects that have not been given back: "stream, memory".
const char *fakenv_live(void);

#endif
