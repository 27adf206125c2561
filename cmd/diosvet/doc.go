// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

/*
Diosvet finds mistakes in Go programs for DIOS that compile, and go wrong when they
run.

Usage:

	GOOS=dios go vet -vettool=$(pwd)/bin/diosvet package...
	GOOS=dios diosvet [flags] package...     # with goroot/bin in PATH

with the go command of the toolchain of DIOS, which also builds bin/diosvet: a checker reads no
source that is for a newer Go than its own. As every vet tool it has a flag for each
analyzer; with some of them only those run. "diosvet help" lists them, and "diosvet help
NAME" explains one.

# buffer

A buffer is used after it was given back: the slice that syscall/dios.Bytes made of an
Iov after its release, or a record of a runtime/dios.Reader or the room of a Writer when
it is the other side's again. Reported if the release comes first on every way.

# buildline

A file is for DIOS by its name, as in x_dios.go, and has no line //go:build that tells
other toolchains.

# crossing

A channel between tasks is of a type whose values cannot be sent: of pointers, functions,
maps, or structs with such, without MarshalBinary and UnmarshalBinary or runtime/dios/gob;
and with gob, of what gob cannot encode.

# leak

A reference or a buffer is lost, because a function returns an error and does not delete
or release it; or a buffer is never released at all.

# noimport

A file that uses runtime/dios or syscall/dios imports a package that cannot work there,
such as os/user, or a file for DIOS one that does not build, such as C.

# register

A task function is registered after initialization, or uses a variable that a new
task computes anew, and may find different.

# What is not found

What is done in other functions is not followed: a reference that is passed to one is
taken care of. There is no way to silence a report; one that is wrong is a bug.
*/
package main
