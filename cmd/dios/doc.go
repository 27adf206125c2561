// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Dios runs programs on DIOS.
//
//	dios run [flags] FILE [ARG...]     run a program
//	dios shell [flags] [-c COMMAND | SCRIPT] [ARG...]
//	                                   start the shell, DiziBox
//	dios top [-json] [-n N] [-d TIME]  show what runs in a machine
//	dios doctor [-json]                look for what is missing
//	dios env [-editor]                 print settings to build for DIOS
//	dios image [flags]                 make what the virtual machine boots
//	dios version
//	dios help [VERB]
//
// Run carries a program's arguments, environment, standard input, output and
// exit status exactly. When standard output and standard error are the same
// file the order of what is written to them is kept. SIGINT, SIGTERM, SIGQUIT
// and SIGHUP are passed on; a program that has not ended three seconds later is
// killed.
//
// A program of DIOS has files of this host, at the paths that they have here: those of its
// module, or of the repository if the working directory is in no module, or else just of
// the working directory; the folder for temporary files; and, which it cannot change, GOROOT,
// other modules of the workspace (go.work), and those in folders that replace other modules, as
// go.mod or go.work says. A folder in GOCOVERDIR is one of them, and what the go command built has that
// one's folder. The root is never one. A program that it starts has the same. When it fails and had
// looked for what is there and not among these, dios says so. With -read FOLDER it can read that one too.
//
// With -dir TREE, or TREE in DIOS_DIR, it has others: those of a folder, or with -dir mem
// a tree in memory, empty at first and gone with the program, or with -dir store those that the
// node's store has, which last as named BLOBs do, or with -dir none no files. With :ro after
// it the program cannot change them. TREE is the program's /, and its working directory.
//
// The program runs in a virtual machine, which is booted for it and gone
// afterwards; or, when this host itself has DIOS (there is a /dev/dios that
// may be used), right here. Legacy programs, if they need no libraries, run in
// the same way.
//
// Named BLOBs of a program are gone with its virtual machine, unless -store names a
// file to keep them in: a disk with an ext4 file system, made with 1 GiB if it is
// missing, of which only what is used takes room. One machine at a time can use it.
//
// Under the name go_dios_amd64_exec, the one that the go command looks for, it
// is dios run without flags.
//
// Top shows the tasks, users and counts of objects in the machine of another
// dios that this user has started, or of this host when that has DIOS. It
// refreshes on a terminal only. With -json each report is a line:
//
//	{"time":..., "machine": process that booted it, "counts": {NAME: N},
//	 "users": [{"uid":..., ...}], "tasks": [{"number":..., "state":..., ...}]}
//
// Env prints, for a shell to read, the environment in which the go command of
// this tree builds for DIOS: eval "$(dios env)". With -editor it prints JSON:
// settings of VS Code, in which "gopls" is what other editors tell gopls.
//
// # Flags
//
// Of run and shell:
//
//	-boot      boot the virtual machine from the start, even if a saved one could go on
//	-console   print what the virtual machine's kernel says
//	-store FILE  keep named BLOBs in FILE
//	-v         say what happens
//	-vm        use a virtual machine even if this host has DIOS
//	-x         print QEMU's command line
//
// Of run only:
//
//	-core FILE  write the memory of a task that crashes to FILE, for dlv core or gdb;
//	            GOTRACEBACK is crash then, unless it is set
//	-gdb ADDR   stop the program before its first instruction, for a gdb that connects
//	            to ADDR: a path, for a socket, or 127.0.0.1:PORT; the first one gets it
//	-dir TREE   give the program only the files in TREE: a folder, or mem, which is memory,
//	            or store, which lasts with -store, or none; with :ro after it they
//	            cannot be changed
//	-read FOLDER  let the program read FOLDER too, which it cannot change; FOLDER=PLACE is
//	            one that it has at the path PLACE. May be repeated
//
// Of shell only:
//
//	-c COMMAND   run COMMAND
//	-put FILE    copy FILE, or a folder, to the virtual machine, where it has the same
//	             path; may be repeated
//
// Of top:
//
//	-d TIME      time between two reports, 2s
//	-json        print each report as one line of JSON
//	-machine ID  look into the machine of the dios with this process; otherwise this host
//	             if it has DIOS, or the one machine that runs
//	-n N         stop after N reports; otherwise on a terminal go on, else 1
//
// Of doctor and env: -json and -editor, for programs and editors to read. Of image:
//
//	-busybox FILE    DiziBox, of the tree
//	-dios-ko FILE    the module, of the tree; none for an image without DIOS
//	-init FILE       the agent, this program
//	-kernel VERSION  the kernel; DIOS_KERNEL, or the newest of this system
//	-modules FOLDER  the kernel's modules, those of the system
//	-o FILE          write FILE, and the kernel beside it; where dios run looks
//	-state           boot the image and save the machine, for others to go on from there;
//	                 -state=false does not
//	-v               say what was made
//	-vmlinuz FILE    the kernel's file, that of the system
//
// # Exit status
//
// The program's own; 128+n when signal or fault n ended it. When the program
// could not be run there is one line on standard error that begins with
// "dios:", and the status is
//
//	2    the command line makes no sense
//	125  the runner, or the virtual machine, failed
//	126  the program cannot be executed
//	127  there is no such program
//
// # Environment
//
//	DIOS_ROOT    the tree that holds bin/ and build/; found from where dios lies
//	DIOS_KERNEL  version of the kernel to boot; the one that make.bash chose
//	DIOS_ACCEL   tcg, kvm or auto: kvm if a machine once came up with it
//	DIOS_MEM     memory of the machine, 1G
//	DIOS_CPUS    CPUs of the machine, 1
//	DIOS_QEMU    the program to use for qemu-system-x86_64
//	DIOS_DEADLINE  how long the machine may take to come up, 1m
//	DIOS_DIR       what -dir says, if it does not; also for programs that the go command runs
//	DIOS_CONSOLE   a file to which the consoles of all machines are appended
package main
