// Package aclfake builds a strict stand-in for Huawei's CANN libraries, so that the
// Ascend device runs, and fails, on a machine without one.
//
//	install, err := aclfake.Build(aclfake.Options{Layout: aclfake.Old})
//	// ASCEND_HOME_PATH = install.Home, ASCEND_OPP_PATH = install.OPP()
//
// The libraries are C (folder src), compiled by gcc into the user's cache folder, and
// compute with real numbers on host memory. README.md says what they refuse and why.
// They share csrc/acl/acl.h with the binding, and nothing else.
//
// A process should load one installation only: the libraries of two would know
// nothing of each other.
package aclfake
