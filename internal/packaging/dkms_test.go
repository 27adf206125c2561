// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package packaging

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"dios/internal/image"
	"dios/internal/progtest"

	"github.com/google/go-cmp/cmp"
)

// command runs a command and returns its output, or ends the test.
func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// version is the module's, as main.c has it.
func version(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(progtest.Source(), "kernel", "main.c"))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^MODULE_VERSION\("(.*)"\);$`).FindSubmatch(text)
	if m == nil {
		t.Fatal("main.c has no MODULE_VERSION")
	}
	return string(m[1])
}

// deb is the package's file.
func deb(t *testing.T) string {
	t.Helper()
	file := filepath.Join(progtest.Root(), "build", "dios-dkms_"+version(t)+"_all.deb")
	if _, err := os.Stat(file); err != nil {
		t.Skip("there is no package; ./make.bash dkms makes it")
	}
	return file
}

// unpacked returns a folder with the package in it, as in /.
func unpacked(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	command(t, "dpkg-deb", "-x", deb(t), root)
	return root
}

// What the package installs, as what, and that the source in it is this tree's.
func TestContents(t *testing.T) {
	root, v := unpacked(t), version(t)
	src := "usr/src/dios-" + v
	var other []string
	sources := 0
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode() != 0o644 {
			t.Errorf("%s has mode %v, want 0644", path, info.Mode())
		}
		name, ok := strings.CutPrefix(path, src+"/")
		if !ok || name == "dkms.conf" {
			other = append(other, path)
			return nil
		}
		sources++
		got, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			return err
		}
		want, err := os.ReadFile(filepath.Join(progtest.Source(), name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not this tree's %s (%v); ./make.bash dkms makes the package anew", path, name, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"usr/lib/modules-load.d/dios.conf",
		"usr/lib/udev/rules.d/60-dios.rules",
		"usr/share/doc/dios-dkms/copyright",
		src + "/dkms.conf",
	}
	if diff := cmp.Diff(want, other); diff != "" {
		t.Errorf("beside the module's source (-want +got):\n%s", diff)
	}
	if sources < 30 {
		t.Errorf("only %d files of source", sources)
	}
	if list := command(t, "dpkg-deb", "-c", deb(t)); strings.Count(list, "\n") != strings.Count(list, " root/root ") {
		t.Errorf("not everything is root's:\n%s", list)
	}
}

// dkms wants these of a package: the name's end, the two versions the same, and
// scripts that a shell can read.
func TestControl(t *testing.T) {
	v := version(t)
	for field, want := range map[string]string{"Package": "dios-dkms", "Version": v, "Architecture": "all"} {
		if got := strings.TrimSpace(command(t, "dpkg-deb", "-f", deb(t), field)); got != want {
			t.Errorf("%s is %q, want %q", field, got, want)
		}
	}
	if d := command(t, "dpkg-deb", "-f", deb(t), "Depends"); !regexp.MustCompile(`\bdkms\b`).MatchString(d) {
		t.Errorf("it depends on %q, without dkms", d)
	}
	control := t.TempDir()
	command(t, "dpkg-deb", "-e", deb(t), control)
	for _, script := range []string{"postinst", "prerm"} {
		file := filepath.Join(control, script)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		command(t, "sh", "-n", file)
		if !bytes.Contains(text, []byte("'"+v+"'")) || bytes.Contains(text, []byte("#MODULE_VERSION#")) {
			t.Errorf("%s does not name version %s:\n%s", script, v, text)
		}
		if fi, err := os.Stat(file); err != nil || fi.Mode().Perm() != 0o755 {
			t.Errorf("%s: %v, %v", script, fi.Mode(), err)
		}
	}
}

// setting evaluates a variable of dkms.conf as dkms does, which is a shell.
func setting(t *testing.T, conf, name, headers, tree string) string {
	t.Helper()
	return strings.TrimSuffix(command(t, "bash", "-euc",
		`kernel_source_dir=$1 dkms_tree=$2; . "$3"; printf '%s' "${!4}"`, "bash", headers, tree, conf, name), "\n")
}

// kernels are the trees of headers to build with, by version.
func kernels(t *testing.T) map[string]string {
	t.Helper()
	found := make(map[string]string)
	for _, pattern := range []string{"/usr/src", filepath.Join(progtest.Root(), "build", "backport", "usr", "src")} {
		dirs, err := filepath.Glob(filepath.Join(pattern, "linux-headers-*-cloud-amd64"))
		if err != nil {
			t.Fatal(err)
		}
		for _, dir := range dirs {
			found[strings.TrimPrefix(filepath.Base(dir), "linux-headers-")] = dir
		}
	}
	return found
}

// The module builds from the package alone, with the command that dkms runs and in
// the folders it uses, for each kernel; with the compiler's extra warnings on and
// under sparse, and neither has anything to say.
func TestBuild(t *testing.T) {
	if _, err := exec.LookPath("sparse"); err != nil {
		t.Skip("sparse is not installed; ./make.bash installs it")
	}
	v, found := version(t), kernels(t)
	if len(found) == 0 {
		t.Skip("there are no headers of a cloud kernel; ./make.bash installs them")
	}
	for kernel, headers := range found {
		t.Run(kernel, func(t *testing.T) {
			root, tree := unpacked(t), t.TempDir()
			src, build := filepath.Join(root, "usr/src/dios-"+v), filepath.Join(tree, "dios", v, "build")
			conf := filepath.Join(src, "dkms.conf")
			if re := setting(t, conf, "BUILD_EXCLUSIVE_KERNEL", headers, tree); !regexp.MustCompile(re).MatchString(kernel) {
				t.Fatalf("dkms.conf excludes it, by %s", re)
			}
			if err := os.MkdirAll(filepath.Dir(build), 0o777); err != nil {
				t.Fatal(err)
			}
			command(t, "cp", "-a", src, build)
			out := command(t, "sh", "-c", setting(t, conf, "MAKE", headers, tree)+" -j2 W=1 C=2")
			if n := strings.Count(out, "  CHECK "); n < 20 {
				t.Errorf("sparse saw %d files only", n)
			}
			for line := range strings.Lines(out) {
				if strings.Contains(line, "warning:") || strings.Contains(line, "error:") {
					t.Error(strings.TrimSpace(line))
				}
			}
			ko := filepath.Join(build, setting(t, conf, "BUILT_MODULE_LOCATION", headers, tree),
				setting(t, conf, "BUILT_MODULE_NAME", headers, tree)+".ko")
			magic, err := image.Vermagic(ko)
			if err == nil {
				err = image.CheckModule(magic, kernel)
			}
			if err != nil {
				t.Error(err)
			}
			command(t, "sh", "-c", setting(t, conf, "CLEAN", headers, tree))
			if _, err := os.Stat(ko); err == nil {
				t.Errorf("CLEAN leaves %s", ko)
			}
		})
	}
}

// A kernel that nobody tried is skipped, not tried to build for: dkms would make
// its installation fail.
func TestExclusive(t *testing.T) {
	conf := filepath.Join(unpacked(t), "usr/src/dios-"+version(t), "dkms.conf")
	re := regexp.MustCompile(setting(t, conf, "BUILD_EXCLUSIVE_KERNEL", "", ""))
	for kernel, want := range map[string]bool{
		"6.1.0-56-cloud-amd64": true, "6.9.1": true, "6.10.3-amd64": true, "6.12.95+deb12-cloud-amd64": true,
		"5.10.0-30-amd64": false, "6.0.1": false, "6.13.0": false, "6.20.0": false, "6.120.0": false, "7.1.0": false, "16.1.0": false,
	} {
		if got := re.MatchString(kernel); got != want {
			t.Errorf("%s: %v, want %v", kernel, got, want)
		}
	}
}
