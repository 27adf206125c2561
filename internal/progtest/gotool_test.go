// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// goTool runs the DIOS go command with GOOS=dios, as a user would: nothing tells
// it where the wrapper is. It returns both outputs as they come, and the status.
func goTool(t *testing.T, env []string, args ...string) (string, int) {
	t.Helper()
	return goToolInput(t, nil, env, args...)
}

// goToolInput is goTool with standard input.
func goToolInput(t *testing.T, input io.Reader, env []string, args ...string) (string, int) {
	t.Helper()
	needVM(t)
	cmd := exec.Command(Go(), args...)
	cmd.Stdin = input
	cmd.Dir = Source()
	cmd.Env = append(GoEnv("dios"), env...)
	out, err := cmd.CombinedOutput()
	if e := (*exec.ExitError)(nil); err != nil && !errors.As(err, &e) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func TestGoRun(t *testing.T) {
	needVM(t)
	// The second time everything is built: it is the machine that takes the time.
	goTool(t, nil, "build", "-o", os.DevNull, "./testdata/hello")
	start := time.Now()
	out, status := goTool(t, nil, "run", "./testdata/hello")
	if out != "Hello, world!\n" || status != 0 {
		t.Errorf("go run ./testdata/hello: status %d\n%s", status, out)
	}
	t.Logf("go run ./testdata/hello took %v", time.Since(start).Round(time.Millisecond))

	out, status = goTool(t, nil, "run", "./testdata/exit", "3")
	if !strings.Contains(out, "exit status 3\n") || status != 1 {
		t.Errorf("go run ./testdata/exit 3: status %d\n%s", status, out)
	}

	out, status = goTool(t, []string{"ARGS_A=from outside"}, "run", "./testdata/args", "a b", "", "-x")
	if want := "3 arguments of args\n\"a b\"\n\"\"\n\"-x\"\n[\"ARGS_A=from outside\"]\n"; !strings.HasPrefix(out, want) || status != 0 {
		t.Errorf("go run ./testdata/args: status %d\n%s", status, out)
	}
}

// A program has the files of its module, the folder for temporary ones, and GOROOT,
// which it cannot change, at the paths that they have outside; and so has a
// program that it starts.
func TestGoRunFiles(t *testing.T) {
	needVM(t)
	if out, status := goTool(t, nil, "run", "./testdata/outside", "go.mod"); status != 0 {
		t.Errorf("go run ./testdata/outside: status %d\n%s", status, out)
	} else {
		golden(t, "outside", strings.ReplaceAll(out, Source(), "SOURCE"))
	}
	out, status := goTool(t, []string{"DIOS_DIR=none"}, "run", "./testdata/outside", "go.mod")
	if !strings.Contains(out, "open go.mod: not supported by dios: no file service\n") || status != 1 {
		t.Errorf("DIOS_DIR=none: status %d\n%s", status, out)
	}
}

// Standard input is the program's.
func TestGoRunInput(t *testing.T) {
	for _, test := range []struct{ input, arg, want string }{
		{"a\nb", "upper", "A\nB\n"},
		{"", "upper", ""},
		{strings.Repeat("x", 1_000_000), "count", "1000000 <nil> "},
	} {
		out, status := goToolInput(t, strings.NewReader(test.input), nil, "run", "./testdata/dizibox/stream", test.arg)
		if !strings.HasPrefix(out, test.want) || (test.want == "" && out != "") || status != 0 {
			t.Errorf("go run ./testdata/dizibox/stream %s with %d bytes of input: status %d\n%s", test.arg, len(test.input), status, out)
		}
	}
}

// The flags of go test have their effect; each proves itself.
func TestGoTest(t *testing.T) {
	needVM(t)
	const pkg = "./testdata/gotest"
	for _, test := range []struct {
		name   string
		env    []string
		args   []string
		status int
		want   []string // regular expressions that match some of the output
		not    []string // and that match nothing
	}{
		{
			name: "plain", args: []string{pkg},
			want: []string{`^ok  \tdios/testdata/gotest\t[0-9.]+s\n$`},
		},
		{
			name: "v count args", env: []string{"GOTEST=x y"},
			args: []string{"-v", "-count=2", "-run=^Test(One|Two)$|Example", pkg, "-flagged=set", "-args", "first", "second arg", ""},
			want: []string{
				`(?s)=== RUN   TestOne\n.*=== RUN   TestOne\n`, `--- PASS: TestOne/other_sub `, `GOOS is dios\n`,
				`args \["first" "second arg" ""\], flagged "set", GOTEST "x y"`, `--- PASS: Example `, `(?m)^PASS$`,
			},
			not: []string{`TestFails`, `TestHangs`, `Benchmark`, `(?s)RUN   TestOne\n.*RUN   TestOne\n.*RUN   TestOne\n`},
		},
		{
			name: "run", args: []string{"-v", "-short", "-run=One/other", pkg},
			want: []string{`--- SKIP: TestOne/other_sub`},
			not:  []string{`TestOne/sub`, `TestTwo`, `Example`},
		},
		{
			name: "run none", args: []string{"-run=NoSuchTest", pkg},
			want: []string{`^ok  \tdios/testdata/gotest\t[0-9.]+s \[no tests to run\]\n$`},
		},
		{
			name: "bench", args: []string{"-run=NONE", "-bench=.", "-benchtime=50x", pkg},
			want: []string{
				`(?m)^goos: dios$`, `(?m)^goarch: amd64$`, `(?m)^pkg: dios/testdata/gotest$`,
				`(?m)^BenchmarkAdd\s+50\s+[0-9.]+ ns/op$`, `(?m)^BenchmarkAllocate\s+50\s+[0-9.]+ ns/op\s+[0-9]+ B/op\s+1 allocs/op$`,
			},
			not: []string{`TestOne`},
		},
		{
			name: "benchmem", args: []string{"-run=NONE", "-bench=Add", "-benchtime=1ms", "-benchmem", pkg},
			want: []string{`(?m)^BenchmarkAdd\s+[0-9]+\s+[0-9.]+ ns/op\s+0 B/op\s+0 allocs/op$`},
			not:  []string{`BenchmarkAllocate`},
		},
		{
			name: "skip shuffle fullpath", args: []string{"-v", "-skip=Two|Hangs", "-shuffle=11", "-fullpath", "-parallel=1", "-cpu=1", pkg},
			want: []string{`(?m)^-test\.shuffle 11$`, `--- PASS: TestOne `, `(?m)^ +/\S+/gotest_test\.go:\d+: GOOS is dios$`},
			not:  []string{`TestTwo`, `TestHangs`},
		},
		{
			name: "failfast", env: []string{"GOTEST=fail"}, args: []string{"-v", "-failfast", "-run=Fails|Panics", pkg}, status: 1,
			want: []string{`--- FAIL: TestFails`},
			not:  []string{`TestPanics`},
		},
		{
			name: "fail", env: []string{"GOTEST=fail"}, args: []string{pkg}, status: 1,
			want: []string{`--- FAIL: TestFails`, `gotest_test.go:\d+: failed, as it was asked to\n`, `(?m)^FAIL\tdios/testdata/gotest\t`},
		},
		{
			name: "panic", env: []string{"GOTEST=panic"}, args: []string{"-run=Panics", pkg}, status: 1,
			want: []string{`panic: panicked, as it was asked to`, `gotest\.TestPanics`, `(?m)^FAIL\tdios/testdata/gotest\t`},
		},
		{
			name: "exit", env: []string{"GOTEST=exit"}, args: []string{pkg}, status: 1,
			want: []string{`^exit status 7\n`, `(?m)^FAIL\tdios/testdata/gotest\t`},
		},
		{
			name: "timeout", env: []string{"GOTEST=hang"}, args: []string{"-timeout=1s", "-run=Hangs", pkg}, status: 1,
			want: []string{`panic: test timed out after 1s`, `running tests:\n\t+TestHangs`, `time\.Sleep\(`},
		},
		{
			name: "timeout in a loop", env: []string{"GOTEST=loop"}, args: []string{"-timeout=1s", "-run=Loops", pkg}, status: 1,
			want: []string{`panic: test timed out after 1s`, `running tests:\n\t+TestLoops`},
		},
		{
			name: "list", args: []string{"-list=Bench", pkg},
			want: []string{`^BenchmarkAdd\nBenchmarkAllocate\nok  \tdios/testdata/gotest\t`},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, status := goTool(t, test.env, append([]string{"test"}, test.args...)...)
			if status != test.status {
				t.Errorf("status %d, want %d", status, test.status)
			}
			for _, re := range test.want {
				if !regexp.MustCompile(re).MatchString(out) {
					t.Errorf("nothing matches %s", re)
				}
			}
			for _, re := range test.not {
				if regexp.MustCompile(re).MatchString(out) {
					t.Errorf("something matches %s", re)
				}
			}
			if t.Failed() {
				t.Logf("go test %s:\n%s", strings.Join(test.args, " "), out)
			}
		})
	}
}

func TestGoTestJSON(t *testing.T) {
	out, status := goTool(t, nil, "test", "-json", "-run=One", "./testdata/gotest")
	if status != 0 {
		t.Errorf("status %d", status)
	}
	passed := make(map[string]bool)
	for line := range strings.Lines(out) {
		var event struct{ Action, Package, Test string }
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		if event.Package != "dios/testdata/gotest" {
			t.Errorf("an event of package %q", event.Package)
		}
		if event.Action == "pass" {
			passed[event.Test] = true
		}
	}
	for _, name := range []string{"TestOne", "TestOne/sub", "TestOne/other_sub", ""} {
		if !passed[name] {
			t.Errorf("no event that %q passed:\n%s", name, out)
		}
	}
	if passed["TestTwo"] {
		t.Error("TestTwo ran")
	}
}
