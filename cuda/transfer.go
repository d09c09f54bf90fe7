//go:build cgo && linux

package cuda

import "mnv2/backend"

// Upload implements backend.Backend: through page-locked memory, so that it does not wait.
func (d *Device) Upload(dst backend.Buffer, off int64, src []byte) error {
	if err := d.enterDirect("upload"); err != nil {
		return err
	}
	defer d.leave()
	address, err := d.spot("upload", dst, off, int64(len(src)))
	if err != nil {
		return err
	}
	if err := d.staging.upload(d.c, address, src, d.stream); err != nil {
		return d.fail("upload", err)
	}
	return nil
}

// Download implements backend.Backend.
func (d *Device) Download(dst []byte, src backend.Buffer, off int64) error {
	if err := d.enterDirect("download"); err != nil {
		return err
	}
	defer d.leave()
	address, err := d.spot("download", src, off, int64(len(dst)))
	if err != nil {
		return err
	}
	return d.waited("download", d.staging.download(d.c, dst, address, d.stream))
}
