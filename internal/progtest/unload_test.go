// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"dios/internal/vm"
)

// The module is loaded and unloaded while others go on: not while a task lives, and
// otherwise without a trace. DIOS_UNLOAD says how many times (default 40): most of a
// second is spent each time until the kernel knows that nobody is in the module.
func TestUnload(t *testing.T) {
	needVM(t)
	t.Parallel() // it waits much, and has its own machine
	m, err := boot(vm.Config{PanicOnWarn: true, CPUs: 2, OneThread: true})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	dir := t.TempDir()
	for name, from := range map[string]struct{ source, brand string }{
		"unload": {"unload", "legacy"}, "limbo": {"unload", "legacy-limbo"}, "pure": {"pure", "pure"},
	} {
		out := filepath.Join(dir, name)
		if err := BuildC(filepath.Join(Source(), "testdata", "unload", from.source+".c"), out, from.brand); err != nil {
			t.Fatal(err)
		}
		if err := m.Put(out, "/unload/"+name); err != nil {
			t.Fatal(err)
		}
	}
	before, err := m.Counts()
	if err != nil {
		t.Fatal(err)
	}
	times := fromEnv(t, "DIOS_UNLOAD", 40, strconv.Atoi)
	for i := 0; i < times; i += 20 {
		o, err := m.run(&vm.Cmd{Exec: "/unload/unload", Args: []string{"unload", "20"}}, true)
		if err != nil {
			t.Fatalf("%v\n%s", err, o.Stdout)
		}
		if o.Status != 0 || !strings.HasSuffix(o.Stdout, " checks made\n") {
			t.Fatalf("after %d times: status %d\n%s", i, o.Status, o.Stdout)
		}
		t.Log(o.Stdout)
	}
	leftover(t, m, before)
	if leaks, err := m.Leaks(); err != nil || leaks != "" {
		t.Errorf("the kernel lost memory: %s%v", leaks, err)
	}
}
