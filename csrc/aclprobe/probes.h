/* All probes. */
#ifndef MNV2_ACLPROBE_PROBES_H
#define MNV2_ACLPROBE_PROBES_H

#include "probe.h"

#define MNV2_PROBES(P)                                                                                                   \
  P(init_twice, "initialising and finalising twice", "ascend.md 1.4")                                                    \
  P(device_ids, "devices that are not there, and one set twice", "ascend.md 1.5")                                        \
  P(no_context, "calls on a thread without a context", "every call binds its context first because of this")            \
  P(sizes, "memory of no size, of no place and of too much", "acl: memory")                                              \
  P(foreign_free, "freeing what was not allocated", "acl: memory")                                                       \
  P(double_free, "freeing device memory twice", "acl: memory")                                                           \
  P(free_in_flight, "freeing memory that queued work still writes", "the device waits before it frees because of this")  \
  P(copies, "copies that are refused", "acl: copies")                                                                    \
  P(copy_too_far, "a copy beyond the end of a block", "acl: copies")                                                     \
  P(fill_host, "filling memory of the host", "acl: copies")                                                              \
  P(events, "events out of order", "acl: events")                                                                        \
  P(streams, "streams that are none", "acl: streams")                                                                    \
  P(capture, "what is forbidden while capturing", "acl: capture")                                                        \
  P(saturation, "overflow before anybody says how", "the device sets the mode itself because of this")                  \
  P(copy_in_flight, "a synchronous copy of what is still being written", "every download waits first because of this")  \
  P(replay, "a captured sequence replayed", "not used yet")                                                              \
  P(executor_twice, "an executor used twice", "the second phase frees it")                                               \
  P(executor_destroyed_after, "an executor destroyed after its use", "a double free: a crash is expected")               \
  P(executor_destroyed_twice, "an executor destroyed twice", "a double free: a crash is expected")                       \
  P(executor_null, "no executor", "aclnn: two phases")                                                                   \
  P(executor_of_another, "an executor of another operator", "aclnn: two phases")                                         \
  P(workspace_null, "no workspace", "aclnn: two phases")                                                                 \
  P(workspace_small, "a workspace that is too small", "aclnn: two phases")                                               \
  P(arguments_gone, "a tensor destroyed between the phases", "use after free: a crash is possible")                      \
  P(host_address, "a tensor in memory of the host", "a fault that shows late")                                           \
  P(unaligned, "a tensor at an odd address", "wrong numbers or a fault that shows late")                                 \
  P(repeatable, "plans that are kept", "the device re-uses plans")                                                       \
  P(not_repeatable, "plans that cannot be kept", "the device plans these anew")                                          \
  P(elementwise_arguments, "arguments of operators on single elements", "aclnn documents")                               \
  P(convolution_arguments, "arguments of convolutions", "aclnn documents")

#define MNV2_DECLARE(name, what, about) void mnv2_probe_##name(mnv2_probe_notes *);
MNV2_PROBES(MNV2_DECLARE)
#undef MNV2_DECLARE

#endif
