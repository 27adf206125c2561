// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package syscall

import (
	"errors"
	"internal/oserror"
	"internal/runtime/syscall/dios"
	"internal/strconv"
)

// Errors.
//
// The errors of DIOS are those of package syscall/dios. Go code that handles
// errors of an operating system knows other names, those of POSIX, so this
// package has them, with Linux's numbers, and turns each error of DIOS into
// the nearest one. What dios cannot do yet has errors of its own here, whose
// texts say what is missing; all of them match [errors.ErrUnsupported].

// An Errno is an unsigned number describing an error condition.
// It implements the error interface. The zero Errno is by convention
// a non-error, so code to convert from Errno to error should use:
//
//	var err = nil
//	if errno != 0 {
//		err = errno
//	}
//
// Errno values can be tested against error values using [errors.Is].
// For example:
//
//	_, _, err := syscall.Syscall(...)
//	if errors.Is(err, fs.ErrNotExist) ...
type Errno uintptr

func (e Errno) Error() string {
	if e < Errno(len(errorstr)) && errorstr[e] != "" {
		return errorstr[e]
	}
	if i := e - enofiles; i < Errno(len(missing)) {
		return "not supported by dios: " + missing[i]
	}
	return "errno " + strconv.Itoa(int(e))
}

func (e Errno) Is(target error) bool {
	switch target {
	case oserror.ErrPermission:
		return e == EACCES || e == EPERM
	case oserror.ErrExist:
		return e == EEXIST || e == ENOTEMPTY
	case oserror.ErrNotExist:
		// A task sees no file that nobody gave it: what it asks for is not
		// there. So a program that can do without the file does.
		return e == ENOENT || e == enofiles
	case errors.ErrUnsupported:
		return e == ENOSYS || e == ENOTSUP || e >= enofiles
	}
	return false
}

func (e Errno) Temporary() bool {
	return e == EINTR || e == EMFILE || e == ENFILE || e.Timeout()
}

func (e Errno) Timeout() bool {
	return e == EAGAIN || e == ETIMEDOUT
}

// What dios does not have. The texts are in missing, in the same order.
const (
	enofiles Errno = 0x1000 + iota
	enostdin
	enounix
	enoraw
	enoprocs
	enousers
)

var missing = [...]string{
	"no file service",
	"standard input is not connected",
	"no Unix domain sockets",
	"no raw sockets",
	"no processes",
	"no users",
}

// fromDIOS returns the nearest Errno to an error of a DIOS call, given as the
// positive number of package internal/runtime/syscall/dios.
func fromDIOS(e int) Errno {
	if uint(e) < uint(len(diosErrno)) && diosErrno[e] != 0 {
		return diosErrno[e]
	}
	return EIO
}

var diosErrno = [...]Errno{
	dios.EBADREF:   EBADF,
	dios.EPERM:     EPERM,
	dios.EZOMBIE:   ESTALE,
	dios.EINVAL:    EINVAL,
	dios.EFAULT:    EFAULT,
	dios.ENOMEM:    ENOMEM,
	dios.EQUOTA:    EDQUOT,
	dios.ENOTSUP:   ENOTSUP,
	dios.EAGAIN:    EAGAIN,
	dios.EINTR:     EINTR,
	dios.ETIMEDOUT: ETIMEDOUT,
	dios.ENOENT:    ENOENT,
	dios.EEXIST:    EEXIST,
	dios.EBADEXE:   ENOEXEC,
	dios.EBRAND:    EPERM,
	dios.EBADBUF:   EINVAL,
	dios.EPIPE:     EPIPE,
	dios.EIO:       EIO,
	dios.EBUSY:     EBUSY,
	dios.ETOOBIG:   E2BIG,
	dios.ESTALE:    ESTALE,
	dios.EEND:      ENXIO,
	dios.EREFUSED:  ECONNREFUSED,
	dios.ERESET:    ECONNRESET,
	dios.EUNREACH:  EHOSTUNREACH,
	dios.EADDR:     EADDRNOTAVAIL,
	dios.EHOST:     ENOSYS,
}

// The names of POSIX.
const (
	EPERM           Errno = 1
	ENOENT          Errno = 2
	ESRCH           Errno = 3
	EINTR           Errno = 4
	EIO             Errno = 5
	ENXIO           Errno = 6
	E2BIG           Errno = 7
	ENOEXEC         Errno = 8
	EBADF           Errno = 9
	ECHILD          Errno = 10
	EAGAIN          Errno = 11
	EWOULDBLOCK     Errno = 11
	ENOMEM          Errno = 12
	EACCES          Errno = 13
	EFAULT          Errno = 14
	EBUSY           Errno = 16
	EEXIST          Errno = 17
	EXDEV           Errno = 18
	ENODEV          Errno = 19
	ENOTDIR         Errno = 20
	EISDIR          Errno = 21
	EINVAL          Errno = 22
	ENFILE          Errno = 23
	EMFILE          Errno = 24
	ENOTTY          Errno = 25
	ETXTBSY         Errno = 26
	EFBIG           Errno = 27
	ENOSPC          Errno = 28
	ESPIPE          Errno = 29
	EROFS           Errno = 30
	EMLINK          Errno = 31
	EPIPE           Errno = 32
	EDOM            Errno = 33
	ERANGE          Errno = 34
	EDEADLK         Errno = 35
	ENAMETOOLONG    Errno = 36
	ENOLCK          Errno = 37
	ENOSYS          Errno = 38
	ENOTEMPTY       Errno = 39
	ELOOP           Errno = 40
	ENOMSG          Errno = 42
	EIDRM           Errno = 43
	ENOLINK         Errno = 67
	EPROTO          Errno = 71
	EMULTIHOP       Errno = 72
	EBADMSG         Errno = 74
	EOVERFLOW       Errno = 75
	EILSEQ          Errno = 84
	ENOTSOCK        Errno = 88
	EDESTADDRREQ    Errno = 89
	EMSGSIZE        Errno = 90
	EPROTOTYPE      Errno = 91
	ENOPROTOOPT     Errno = 92
	EPROTONOSUPPORT Errno = 93
	ENOTSUP         Errno = 95
	EOPNOTSUPP      Errno = 95
	EAFNOSUPPORT    Errno = 97
	EADDRINUSE      Errno = 98
	EADDRNOTAVAIL   Errno = 99
	ENETDOWN        Errno = 100
	ENETUNREACH     Errno = 101
	ENETRESET       Errno = 102
	ECONNABORTED    Errno = 103
	ECONNRESET      Errno = 104
	ENOBUFS         Errno = 105
	EISCONN         Errno = 106
	ENOTCONN        Errno = 107
	ETIMEDOUT       Errno = 110
	ECONNREFUSED    Errno = 111
	EHOSTUNREACH    Errno = 113
	EALREADY        Errno = 114
	EINPROGRESS     Errno = 115
	ESTALE          Errno = 116
	EDQUOT          Errno = 122
	ECANCELED       Errno = 125
	EOWNERDEAD      Errno = 130
	ENOTRECOVERABLE Errno = 131
)

var errorstr = [...]string{
	EPERM:           "operation not permitted",
	ENOENT:          "no such file or directory",
	ESRCH:           "no such process",
	EINTR:           "interrupted system call",
	EIO:             "input/output error",
	ENXIO:           "no such device or address",
	E2BIG:           "argument list too long",
	ENOEXEC:         "exec format error",
	EBADF:           "bad file descriptor",
	ECHILD:          "no child processes",
	EAGAIN:          "resource temporarily unavailable",
	ENOMEM:          "cannot allocate memory",
	EACCES:          "permission denied",
	EFAULT:          "bad address",
	EBUSY:           "device or resource busy",
	EEXIST:          "file exists",
	EXDEV:           "invalid cross-device link",
	ENODEV:          "no such device",
	ENOTDIR:         "not a directory",
	EISDIR:          "is a directory",
	EINVAL:          "invalid argument",
	ENFILE:          "too many open files in system",
	EMFILE:          "too many open files",
	ENOTTY:          "inappropriate ioctl for device",
	ETXTBSY:         "text file busy",
	EFBIG:           "file too large",
	ENOSPC:          "no space left on device",
	ESPIPE:          "illegal seek",
	EROFS:           "read-only file system",
	EMLINK:          "too many links",
	EPIPE:           "broken pipe",
	EDOM:            "numerical argument out of domain",
	ERANGE:          "numerical result out of range",
	EDEADLK:         "resource deadlock avoided",
	ENAMETOOLONG:    "file name too long",
	ENOLCK:          "no locks available",
	ENOSYS:          "function not implemented",
	ENOTEMPTY:       "directory not empty",
	ELOOP:           "too many levels of symbolic links",
	ENOMSG:          "no message of desired type",
	EIDRM:           "identifier removed",
	ENOLINK:         "link has been severed",
	EPROTO:          "protocol error",
	EMULTIHOP:       "multihop attempted",
	EBADMSG:         "bad message",
	EOVERFLOW:       "value too large for defined data type",
	EILSEQ:          "invalid or incomplete multibyte or wide character",
	ENOTSOCK:        "socket operation on non-socket",
	EDESTADDRREQ:    "destination address required",
	EMSGSIZE:        "message too long",
	EPROTOTYPE:      "protocol wrong type for socket",
	ENOPROTOOPT:     "protocol not available",
	EPROTONOSUPPORT: "protocol not supported",
	ENOTSUP:         "operation not supported",
	EAFNOSUPPORT:    "address family not supported by protocol",
	EADDRINUSE:      "address already in use",
	EADDRNOTAVAIL:   "cannot assign requested address",
	ENETDOWN:        "network is down",
	ENETUNREACH:     "network is unreachable",
	ENETRESET:       "network dropped connection on reset",
	ECONNABORTED:    "software caused connection abort",
	ECONNRESET:      "connection reset by peer",
	ENOBUFS:         "no buffer space available",
	EISCONN:         "transport endpoint is already connected",
	ENOTCONN:        "transport endpoint is not connected",
	ETIMEDOUT:       "connection timed out",
	ECONNREFUSED:    "connection refused",
	EHOSTUNREACH:    "no route to host",
	EALREADY:        "operation already in progress",
	EINPROGRESS:     "operation now in progress",
	ESTALE:          "stale file handle",
	EDQUOT:          "disk quota exceeded",
	ECANCELED:       "operation canceled",
	EOWNERDEAD:      "owner died",
	ENOTRECOVERABLE: "state not recoverable",
}
