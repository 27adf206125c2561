// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package docs

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

var (
	// A line of a table of locking.md: a lock of ours and where it is declared.
	lockRowRE = regexp.MustCompile("(?m)^\\| `([a-z_.>-]+)` \\| (kernel/[a-z_/]+\\.[ch]) \\|")

	// A declaration of a lock: a field or variable, or by a macro.
	lockRE = regexp.MustCompile(`(?m)^\s*(?:static )?(?:(?:spinlock_t|rwlock_t|struct mutex|struct rw_semaphore|seqlock_t)\s+([a-z_]+);|DEFINE_(?:SPINLOCK|MUTEX|RWLOCK|SEQLOCK)\(([a-z_]+)\))`)

	// The list of locks in core.h.
	orderRE = regexp.MustCompile(`(?m)^ \*   ([a-z_>-]+(?:->|\.)[a-z_]*lock)\t`)
)

// fieldOf is what a lock is called where it is declared: task->lock is lock.
func fieldOf(lock string) string {
	return lock[strings.LastIndexAny(lock, ".>")+1:]
}

// checkLocks returns what is wrong with locking.md: locks that are not
// declared where it says, locks that it leaves out, another order than core.h's.
func checkLocks(root fs.FS) (wrong []string, locks int, err error) {
	text, err := fs.ReadFile(root, "docs/locking.md")
	if err != nil {
		return nil, 0, err
	}
	// How many locks of a name a file has: two structs may each have a "lock".
	documented := make(map[string]int)
	var order []string
	ours, _, _ := strings.Cut(string(text), "\n## The host's\n")
	for _, m := range lockRowRE.FindAllStringSubmatch(ours, -1) {
		documented[m[2]+": "+fieldOf(m[1])]++
		order = append(order, m[1])
		locks++
	}

	declared := make(map[string]int)
	err = fs.WalkDir(root, "kernel", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		// The second host has locks of its own, for its tests; and models are no kernel.
		if d.IsDir() && (file == "kernel/dal/hosted" || file == "kernel/models") {
			return fs.SkipDir
		}
		if ext := path.Ext(file); d.IsDir() || ext != ".c" && ext != ".h" || strings.HasSuffix(file, ".mod.c") {
			return nil
		}
		source, err := fs.ReadFile(root, file)
		if err != nil {
			return err
		}
		for _, m := range lockRE.FindAllStringSubmatch(string(source), -1) {
			declared[file+": "+m[1]+m[2]]++
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	for lock, n := range declared {
		if documented[lock] != n {
			wrong = append(wrong, fmt.Sprintf("%s: declared %d times, in locking.md %d times", lock, n, documented[lock]))
		}
	}
	for lock := range documented {
		if declared[lock] == 0 {
			wrong = append(wrong, fmt.Sprintf("%s: in locking.md, and not declared there", lock))
		}
	}

	core, err := fs.ReadFile(root, "kernel/core/core.h")
	if err != nil {
		return nil, 0, err
	}
	at := 0
	for _, m := range orderRE.FindAllStringSubmatch(string(core), -1) {
		i := slices.Index(order[at:], m[1])
		if i < 0 {
			wrong = append(wrong, fmt.Sprintf("%s: core.h has it in its order of locks, locking.md not, or earlier", m[1]))
			continue
		}
		at += i + 1
	}
	slices.Sort(wrong)
	return wrong, locks, nil
}

func TestLocks(t *testing.T) {
	wrong, locks, err := checkLocks(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range wrong {
		t.Error(w)
	}
	if locks < 6 {
		t.Errorf("locking.md has %d locks; the module has more", locks)
	}
}

// The check finds what it is for.
func TestLocksBroken(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	got, locks, err := checkLocks(fstest.MapFS{
		"docs/locking.md": file("| lock | declared in |\n|---|---|\n| `task->lock` | kernel/core/core.h | x |\n| `names.lock` | kernel/core/name.c | x |\n" +
			"| `gone.lock` | kernel/core/gone.c | x |\n\n## The host's\n\n| `siglock` | kernel/dal/linux/wait.c | x |\n"),
		"kernel/core/core.h":        file("/*\n * Locks, in the order they are taken:\n *   names.lock\t(spin)\n *   task->lock\t(spin)\n */\nstruct o {\n\tspinlock_t lock;\n};\nstruct t {\n\tspinlock_t lock;\n};\n"),
		"kernel/core/name.c":        file("static struct {\n\tspinlock_t lock;\n} names;\n"),
		"kernel/dal/linux/x.c":      file("static DEFINE_MUTEX(new_lock);\nvoid f(spinlock_t *l);\n"),
		"kernel/dal/hosted/shim.h":  file("spinlock_t other;\n"),
		"kernel/dal/linux/x.mod.c":  file("spinlock_t generated;\n"),
		"kernel/core/documented.md": file("spinlock_t text;\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"kernel/core/core.h: lock: declared 2 times, in locking.md 1 times",
		"kernel/core/gone.c: lock: in locking.md, and not declared there",
		"kernel/dal/linux/x.c: new_lock: declared 1 times, in locking.md 0 times",
		"task->lock: core.h has it in its order of locks, locking.md not, or earlier",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if locks != 3 {
		t.Errorf("%d locks, want 3", locks)
	}
}
