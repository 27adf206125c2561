// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

/*
Brand shows and sets the brand of programs: the two bytes of an ELF header that
say how DIOS launches a program and which calls it may make.

Usage:

	brand [show] [-json] file...
	brand set [-n] [-from brand] brand file...
	brand list [-json]

A brand is given by its name or its number, as list prints them. The linker of
GOOS=dios writes pure; any other program is legacy until it is set.

Brand show, or brand alone, prints a line for each file, with its name and its
brand. With -json it prints an object a line instead.

Brand set changes the two bytes in place and nothing else of the file, so links,
mode and attributes stay. It prints nothing when all went well. Flags:

	-from brand
		refuse files that do not have this brand now
	-n
		change nothing; print what would be done

Brand list prints the brands: name, number and meaning.

Brand takes only programs: ELF files for x86-64 that can be started. It refuses
objects, libraries, archives, core dumps and damaged files, and anything that is
not a regular file. To show or set a file whose name begins with a dash, or is
show, set or list, write ./ before it.

The exit status is 0 when all went well, 1 when something was wrong with a file
(the message is "brand: file: reason", and the other files are still done), and
2 when brand was used the wrong way.
*/
package main
