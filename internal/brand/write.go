// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package brand

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"dios/internal/abi"

	"golang.org/x/sys/unix"
)

// Options are the choices of Set and Copy.
type Options struct {
	From    *abi.Brand // refuse a program that does not have this brand
	DryRun  bool       // do all but write
	Replace bool       // Set: put a new file in the place of the old one

	fault func(step string) error // in tests: called before each step of a write
}

func (o *Options) step(name string) error {
	if o.fault == nil {
		return nil
	}
	return o.fault(name)
}

// Set gives the program in a file a brand, and returns what it was before.
//
// It is one write of two bytes: the file stays the same file, with its links,
// owner, mode and attributes. With Replace it is a new file with the old one's
// owner, mode and attributes, which takes its place at once, so that a program
// that runs can be branded. When the program already has the brand nothing is
// written. On error the file is as it was, unless the error says otherwise.
func Set(path string, to abi.Brand, opts Options) (was Info, err error) {
	if opts.Replace {
		return replace(path, to, opts)
	}
	mode := os.O_RDWR
	if opts.DryRun {
		mode = os.O_RDONLY
	}
	f, err := open(path, mode)
	if err != nil {
		return Info{}, err
	}
	defer func() {
		if cerr := f.Close(); err == nil && cerr != nil {
			err = plain(cerr)
		}
	}()
	was, err = mayBe(f, to, opts)
	if err != nil || was.Brand == to || opts.DryRun {
		return was, err
	}
	return was, overwrite(f, was, to, opts)
}

// overwrite writes the two bytes and looks whether they are there.
func overwrite(f *os.File, was Info, to abi.Brand, opts Options) error {
	old, want := [2]byte{was.OSABI, was.ABIVersion}, ident(to)
	err := opts.step("write")
	if err == nil {
		_, err = f.WriteAt(want[:], offset)
	}
	var got [2]byte
	if err == nil {
		err = opts.step("read back")
	}
	if err == nil {
		_, err = f.ReadAt(got[:], offset)
	}
	if err == nil && got != want {
		err = fmt.Errorf("wrote % x, read back % x", want, got)
	}
	if err == nil {
		return nil
	}
	// One of two bytes would be another brand, or none.
	if _, rerr := f.ReadAt(got[:], offset); rerr == nil && got == old {
		return plain(err)
	}
	if _, rerr := f.WriteAt(old[:], offset); rerr != nil {
		return fmt.Errorf("%w; the old brand could not be put back (%v): copy or build it again", plain(err), plain(rerr))
	}
	return plain(err)
}

// Copy writes a copy of the program in src, with a brand, to a file, and returns
// what brand the program has. The copy is there whole or not at all; what had its
// name before is gone then. Its mode is that of src, or 0755 if that is no program's.
func Copy(src *os.File, path string, to abi.Brand, opts Options) (was Info, err error) {
	was, err = mayBe(src, to, opts)
	if err != nil {
		return was, err
	}
	fi, err := src.Stat()
	if err != nil {
		return was, plain(err)
	}
	old, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return was, fmt.Errorf("%s: %w", path, plain(err))
	case !old.Mode().IsRegular():
		return was, fmt.Errorf("%s is not a regular file, so a copy cannot take its place; name another one", path)
	case os.SameFile(old, fi):
		return was, fmt.Errorf("%s is the program itself; leave -o out, or use -replace", path)
	default:
		// A symbolic link stays; what it leads to is replaced.
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return was, plain(err)
		}
	}
	if opts.DryRun {
		return was, nil
	}
	mode := fi.Mode().Perm()
	if mode&0o111 == 0 {
		mode = 0o755
	}
	if err := rewrite(src, path, mode, nil, was, to, opts); err != nil {
		return was, fmt.Errorf("%s: %w", path, err)
	}
	return was, nil
}

// CopyTo writes a copy of the program in src, with a brand, and returns what
// brand the program has. After an error some of it may have been written.
func CopyTo(w io.Writer, src *os.File, to abi.Brand, opts Options) (was Info, err error) {
	was, err = mayBe(src, to, opts)
	if err != nil || opts.DryRun {
		return was, err
	}
	return was, plain(transfer(w, src, was, to))
}

// replace is Set by a new file.
func replace(path string, to abi.Brand, opts Options) (was Info, err error) {
	path, err = filepath.EvalSymlinks(path)
	if err != nil {
		return was, plain(err)
	}
	f, err := open(path, os.O_RDONLY)
	if err != nil {
		return was, err
	}
	defer f.Close()
	was, err = mayBe(f, to, opts)
	if err != nil || was.Brand == to {
		return was, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return was, err
	}
	if st.Nlink > 1 {
		return was, fmt.Errorf("has %d names, and the others would stay with the old file; leave -replace out, or use -o", st.Nlink)
	}
	if opts.DryRun {
		return was, nil
	}
	return was, rewrite(f, path, fs.FileMode(st.Mode&0o777), &st, was, to, opts)
}

// rewrite makes a file with a copy of src and puts it under path at once. If
// owner is not nil, the copy gets that owner, and the attributes of src. On error
// path is as it was, and no other file stays.
func rewrite(src *os.File, path string, mode fs.FileMode, owner *unix.Stat_t, was Info, to abi.Brand, opts Options) (err error) {
	dir := filepath.Dir(path)
	if err := opts.step("create"); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".brand-*")
	if err != nil {
		return fmt.Errorf("%w: a file must be made beside it, in %s", plain(err), dir)
	}
	defer func() {
		if err == nil {
			return
		}
		tmp.Close()
		os.Remove(tmp.Name())
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
			err = fmt.Errorf("%w; make room, or brand it in place, which takes none", err)
		}
	}()
	for _, s := range []struct {
		name string
		do   func() error
	}{
		{"copy", func() error { return transfer(tmp, src, was, to) }},
		{"owner", func() error {
			if owner == nil {
				return nil
			}
			var st unix.Stat_t
			if err := unix.Fstat(int(tmp.Fd()), &st); err != nil || st.Uid == owner.Uid && st.Gid == owner.Gid {
				return err
			}
			if err := tmp.Chown(int(owner.Uid), int(owner.Gid)); err != nil {
				return fmt.Errorf("the new file would have another owner (%w); leave -replace out, or use -o", plain(err))
			}
			return nil
		}},
		{"attributes", func() error {
			if owner == nil {
				return nil
			}
			return copyAttributes(tmp, src)
		}},
		{"mode", func() error { return tmp.Chmod(mode) }},
		{"sync", tmp.Sync},
		{"close", tmp.Close},
		{"rename", func() error { return os.Rename(tmp.Name(), path) }},
	} {
		if err := opts.step(s.name); err != nil {
			return err
		}
		if err := s.do(); err != nil {
			return plain(err)
		}
	}
	// The new file is there. That it is after a power failure, too, is up to the
	// folder; some file systems cannot be asked for it.
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
	return nil
}

// transfer writes the program in src with another brand.
func transfer(w io.Writer, src *os.File, was Info, to abi.Brand) error {
	fi, err := src.Stat()
	if err != nil {
		return err
	}
	id := ident(to)
	if was.Brand == to { // as it is: there are several ways to be legacy
		id = [2]byte{was.OSABI, was.ABIVersion}
	}
	head := make([]byte, offset, int(offset)+len(id))
	if _, err := src.ReadAt(head, 0); err != nil {
		return err
	}
	if _, err := w.Write(append(head, id[:]...)); err != nil {
		return err
	}
	rest := offset + int64(len(id))
	n, err := io.Copy(w, io.NewSectionReader(src, rest, fi.Size()-rest))
	if err == nil && n != fi.Size()-rest {
		return errors.New("became shorter meanwhile; try again")
	}
	return err
}

// copyAttributes gives dst the extended attributes of src.
func copyAttributes(dst, src *os.File) error {
	names := make([]byte, 64<<10) // the most that Linux lists
	n, err := unix.Flistxattr(int(src.Fd()), names)
	if err == unix.ENOTSUP {
		return nil
	}
	if err != nil {
		return err
	}
	value := make([]byte, 64<<10) // the longest that Linux has
	for names = names[:n]; len(names) > 0; {
		name := unix.ByteSliceToString(names)
		names = names[len(name)+1:]
		n, err := unix.Fgetxattr(int(src.Fd()), name, value)
		if err == nil {
			err = unix.Fsetxattr(int(dst.Fd()), name, value[:n], 0)
		}
		if err != nil {
			return fmt.Errorf("the new file would lack the attribute %s (%w); leave -replace out, or use -o", name, err)
		}
	}
	return nil
}

// mayBe tells whether a program may get a brand, and returns the one it has.
func mayBe(f *os.File, to abi.Brand, opts Options) (was Info, err error) {
	e, was, err := read(f)
	var unknown *UnknownError
	if errors.As(err, &unknown) && opts.From == nil {
		err = nil // to set it is the cure
	}
	if err != nil {
		return was, err
	}
	if opts.From != nil && was.Brand != *opts.From {
		return was, fmt.Errorf("is %s, not %s; -from must be what it is, or be left out", was.Brand.Name, opts.From.Name)
	}
	fi, err := f.Stat()
	if err != nil {
		return was, plain(err)
	}
	if to.Number != abi.BrandLegacy && fi.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
		return was, errSetuid
	}
	return was, startable(e, to)
}

// ident returns the two bytes of a brand.
func ident(b abi.Brand) [2]byte {
	if b.Number == abi.BrandLegacy {
		return [2]byte{byte(elf.ELFOSABI_NONE), 0}
	}
	return [2]byte{abi.OSABI, b.Number}
}
