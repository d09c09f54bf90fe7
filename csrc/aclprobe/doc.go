// Package aclprobe misuses Huawei's CANN on purpose and says what it answers: each probe is a short series of calls that the
// documents forbid, or say little about. The stand-in of csrc/fake/acl makes assumptions about all of them, which stand beside
// the answers; a test holds the one to the other.
//
// The libraries must have been loaded by package acl. A probe may crash or hang, and may leave the library unusable: each wants
// a process of its own.
package aclprobe
