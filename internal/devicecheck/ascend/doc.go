// Package ascend holds the steps of a device check that concern Huawei's NPUs alone: what is installed, what the runtime costs,
// the questions that no document answers, and what misuse is answered with. Beside each answer stands what the stand-in
// libraries of csrc/fake/acl assume, by which the Ascend device was built.
package ascend
