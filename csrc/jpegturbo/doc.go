// Package jpegturbo decodes parts of JPEG files with libjpeg-turbo, which it opens at run time if the machine has it. Nothing of the library is
// needed to build. Without cgo, and on other systems than Linux, Open says that it is not there.
//
// The library's interface is libjpeg's; three versions of it are in use (6.2 on Debian and Fedora, 8 on Ubuntu, 7 hardly anywhere), whose
// main structure differs in its size and in fields that are not used here.
package jpegturbo

import "errors"

// ErrDamaged is returned for files about which the library has something to say, even if it could go on: another decoder decides.
var ErrDamaged = errors.New("libjpeg-turbo warns of the file")
