// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

/*
Brand shows, sets and verifies the brand of programs: the two bytes of an ELF
header that say how DIOS launches a program and which calls it may make. It also
tells which programs can be pure, from the system calls that are in them.

Usage:

	brand [show] [-json] file...
	brand set [-from brand] [-n] [-replace] [-json] brand file...
	brand set [-from brand] [-n] [-json] -o file brand file
	brand verify [-brand brand] [-json] file...
	brand audit [-v] [-json] file...
	brand list [-json]
	brand -l | -t brand [flags of set] file...

A brand is given by its name or its number, as list prints them. The linker of
GOOS=dios writes pure; any other program is legacy until it is set. With -json
there is an object a line, one for each file, instead of text.

A file named - is a program on standard input, which set takes only with -o. To
name a file that begins with a dash, or is called as a verb is, write ./ before it.

# Show

Brand show, or brand alone, prints a line for each file, with its name and its
brand.

# Set

Brand set changes the two bytes in place and nothing else of the file, so links,
mode and attributes stay. It prints nothing when all went well. A program that
cannot be started with a brand does not get it: a task needs a static program
with fixed addresses, and setuid programs are legacy. Flags:

	-from brand
		refuse files that do not have this brand now
	-n
		change nothing; print what would be done
	-o file
		leave the program as it is, and write a branded copy to this file;
		-o - writes it to standard output
	-replace
		put a new file in the place of the old one, which must not have
		another name (a hard link); so a program that runs can be branded

With -o and -replace the new file takes its place when it is whole and stored, and
never before. One that is stopped in the middle may leave a file .brand-* beside it.

# Verify

Brand verify tells what keeps a program from being started the way its brand says,
and with -brand whether it has that brand. It prints nothing when all is well.

# Audit

Brand audit finds every SYSCALL, SYSENTER and INT 0x80 in what a program can
execute, also in bytes that do not decode, and tells whether the program can be pure.
It prints those that a pure program may not have, each with its address, function,
and call, and with -v also the others. The exit status is 0 if every file can be pure.

A pure program may have a SYSCALL

  - whose number is a constant, put into a register before it in the same block, and
    is that of a call of DIOS, or of rt_sigreturn, the return of an upcall;
  - in internal/runtime/syscall/dios.Syscall6, whose number is not a constant: the Go
    runtime's stub for the calls of DIOS;
  - of Linux's write or exit_group, by number, in _rt0_amd64_dios of Go or in no_dios of
    dlibc, which say so where there is no DIOS.

These functions are known by their names. The names come from the symbol table, or
in a stripped Go program from the runtime's own table. A stripped program of dlibc has no
names, so the two calls in no_dios count as any other's. Where no function is known, the
128 bytes before an instruction are looked at. The same bytes inside another instruction do
not count; -json tells how many there are. The table of sections is believed if there is one.

Nor can a program be pure that is dynamically linked, or has memory to be both written
and executed. An audit is a forecast: what a pure program may do the kernel decides.

# List

Brand list prints the brands: name, number and meaning.

# FreeBSD's brandelf

As there, -l lists and -t sets.

# Errors

Brand takes only programs: ELF files for x86-64 that can be started. It refuses
objects, libraries, archives, core dumps and damaged files, and anything that is
not a regular file.

The exit status is 0 when all went well, 1 when something was wrong with a file
(the message is "brand: file: reason", mostly with a cure, and the other files are
still done), and 2 when brand was used the wrong way.
*/
package main
