// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package dios

import (
	"context"
	"errors"
	"strconv"
	sys "syscall/dios"
	"time"
)

// An OpError says which operation on which reference failed, and why: Err is
// an error of package syscall/dios, or os.ErrClosed or
// os.ErrDeadlineExceeded.
type OpError struct {
	Op  string
	Ref Ref // 0 when there was none yet
	Err error
}

func (e *OpError) Error() string {
	if e.Ref == 0 {
		return "dios: " + e.Op + ": " + e.Err.Error()
	}
	return "dios: " + e.Op + " " + e.Ref.String() + ": " + e.Err.Error()
}

func (e *OpError) Unwrap() error { return e.Err }

// Timeout reports whether a deadline passed.
func (e *OpError) Timeout() bool {
	t, ok := e.Err.(interface{ Timeout() bool })
	return ok && t.Timeout()
}

// opError wraps err, but not one of a context, which says enough.
func opError(op string, ref Ref, err error) error {
	switch err {
	case nil, context.Canceled, context.DeadlineExceeded:
		return err
	}
	return &OpError{op, ref, err}
}

var errLength = errors.New("dios: a message of the wrong length")

// An ExitError says how a task ended that did not end well.
type ExitError struct {
	Task string // its name
	TaskState
}

func (e *ExitError) Error() string { return "task " + e.Task + ": " + e.TaskState.String() }

// A TaskState says how a task ended, and what it used.
type TaskState struct {
	Killed bool // by Kill, or by the host
	Fault  bool // by a fault it could not handle
	Code   int  // its exit status; or the number of the upcall, or of the host's signal

	UserTime   time.Duration // in the program
	SystemTime time.Duration // in the kernel, for it
	MaxRSS     int64         // most memory it had resident, in bytes
	Calls      int64         // DIOS calls it made
}

// Success reports whether the task ended with status 0.
func (s *TaskState) Success() bool { return !s.Killed && !s.Fault && s.Code == 0 }

// String says how the task ended, such as "exit status 1".
func (s *TaskState) String() string {
	switch {
	case s.Killed:
		return "killed"
	case s.Fault:
		return "fault " + strconv.Itoa(s.Code)
	case s.Code == exitNoEntry:
		return "exit status " + strconv.Itoa(s.Code) + " (the program has no such task function)"
	}
	return "exit status " + strconv.Itoa(s.Code)
}

func taskState(st *sys.TaskStatus) *TaskState {
	return &TaskState{
		Killed:     st.How == sys.EndKilled,
		Fault:      st.How == sys.EndFault,
		Code:       int(st.Status),
		UserTime:   time.Duration(st.UserNs),
		SystemTime: time.Duration(st.SystemNs),
		MaxRSS:     int64(st.MaxRss),
		Calls:      int64(st.Calls),
	}
}
