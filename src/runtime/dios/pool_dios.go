// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package dios

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"
)

// A Worker is a function that tasks compute for others: a task started with it
// answers each In with an Out or an error, until its channel ends.
type Worker[In, Out any] struct {
	f *Func[In, answer[Out]]
}

// RegisterWorker is [Register] for a plain function:
//
//	var isPrime = dios.RegisterWorker("isPrime", func(n int) (bool, error) { ... })
//
// The text of its error is what passes to the other task, as a [RemoteError].
func RegisterWorker[In, Out any](name string, f func(In) (Out, error)) *Worker[In, Out] {
	return &Worker[In, Out]{Register(name, func(ch *Chan[In, answer[Out]]) {
		for in := range ch.All() {
			out, err := f(in)
			if ch.Send(answer[Out]{out, err}) != nil {
				return
			}
		}
	})}
}

// A RemoteError is an error that a worker's function returned.
type RemoteError struct {
	Task string // its name
	Text string // the error's
}

func (e *RemoteError) Error() string { return "task " + e.Task + ": " + e.Text }

// An answer is a value or an error's text, and goes through a channel as a
// byte that says which, and that.
type answer[T any] struct {
	v   T
	err error
}

// answerCodec is what newCodec uses for answer[T].
func (answer[T]) answerCodec() (any, string) {
	inner, problem := newCodec[T]()
	return codec[answer[T]]{
		encode: func(buf []byte, a *answer[T]) ([]byte, error) {
			if a.err != nil {
				return append(append(buf, 1), a.err.Error()...), nil
			}
			if inner.encode == nil {
				return nil, errors.New("dios: " + problem)
			}
			return inner.encode(append(buf, 0), &a.v)
		},
		decode: func(data []byte, a *answer[T]) error {
			if len(data) == 0 {
				return errLength
			}
			if data[0] != 0 {
				a.err = errors.New(string(data[1:]))
				return nil
			}
			return inner.decode(data[1:], &a.v)
		},
	}, problem
}

// A Pool is a number of tasks that compute the same function. They are started
// when they are needed first. One that died is replaced: its death is the
// error of the call that it was computing, and of no other.
type Pool[In, Out any] struct {
	w    *Worker[In, Out]
	attr *Attr
	idle chan *Child[In, answer[Out]] // nil: to be started

	mu     sync.Mutex
	closed bool
	done   chan struct{}
}

// Pool returns a pool of n tasks, started with a, which may be nil. It must be
// closed.
func (w *Worker[In, Out]) Pool(n int, a *Attr) *Pool[In, Out] {
	p := &Pool[In, Out]{w: w, attr: a, idle: make(chan *Child[In, answer[Out]], n), done: make(chan struct{})}
	for range n {
		p.idle <- nil
	}
	return p
}

// Size returns how many tasks compute at once.
func (p *Pool[In, Out]) Size() int { return cap(p.idle) }

// Call has a task compute the function of in, and waits for the result. Any
// number of goroutines may call it; when all tasks are busy it waits for one.
// When ctx is done, the task that computes for this call is killed.
//
// The error is a *[RemoteError] if the function returned one, and an
// *[ExitError] if the task died.
func (p *Pool[In, Out]) Call(ctx context.Context, in In) (out Out, err error) {
	c, err := p.take(ctx)
	if err != nil {
		return out, err
	}
	a, err := c.call(ctx, in)
	if err != nil {
		c.Kill()
		c.Close()
		c = nil
	} else if a.err != nil {
		err = &RemoteError{p.w.f.name, a.err.Error()}
	}
	p.give(c)
	return a.v, err
}

// call sends in and receives what comes back.
func (c *Child[In, Out]) call(ctx context.Context, in In) (out Out, err error) {
	if err := c.SendContext(ctx, in); err != nil {
		return out, err
	}
	return c.RecvContext(ctx)
}

// take returns a task that is idle.
func (p *Pool[In, Out]) take(ctx context.Context) (c *Child[In, answer[Out]], err error) {
	select {
	case c = <-p.idle:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.done:
		return nil, errPoolClosed
	}
	if c == nil {
		if c, err = p.w.f.SpawnAttr(p.attr); err != nil {
			p.give(nil)
			return nil, err
		}
	}
	return c, nil
}

var errPoolClosed = errors.New("dios: the pool is closed")

// give gives a task back; nil for one that is no more.
func (p *Pool[In, Out]) give(c *Child[In, answer[Out]]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		if c != nil {
			c.Close()
		}
		return
	}
	p.idle <- c // there is room for all
}

// Close ends the tasks: those that are idle, and the others when they have
// finished what they compute.
func (p *Pool[In, Out]) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errPoolClosed
	}
	p.closed = true
	close(p.done)
	for {
		select {
		case c := <-p.idle:
			if c != nil {
				c.Close()
			}
		default:
			return nil
		}
	}
}

// Map has the pool compute the function of each element, as many at once as
// there are tasks, and returns the results in the same order. After an error
// no more are begun, and Map returns the first as a *[MapError]; when ctx is
// done the tasks under way are killed.
func (p *Pool[In, Out]) Map(ctx context.Context, in []In) ([]Out, error) {
	out := make([]Out, len(in))
	var (
		mu    sync.Mutex
		next  int
		first *MapError
		wg    sync.WaitGroup
	)
	for range min(p.Size(), len(in)) {
		wg.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				stop := first != nil || i >= len(in)
				mu.Unlock()
				if stop {
					return
				}
				v, err := p.Call(ctx, in[i])
				if err != nil {
					mu.Lock()
					if first == nil || i < first.Index {
						first = &MapError{i, err}
					}
					mu.Unlock()
					return
				}
				out[i] = v
			}
		})
	}
	wg.Wait()
	if first != nil {
		return nil, first
	}
	return out, nil
}

// A MapError says which element Map could not compute, and why.
type MapError struct {
	Index int
	Err   error
}

func (e *MapError) Error() string { return "element " + strconv.Itoa(e.Index) + ": " + e.Err.Error() }
func (e *MapError) Unwrap() error { return e.Err }

// A Restart says when [Supervise] gives up, and how long it waits.
type Restart struct {
	Max    int           // how often a task is started again, in Within; 0: never
	Within time.Duration // 0: ever
	Delay  time.Duration // before it is started again
}

// Supervise starts a task of f and calls use with it. When use returns because
// the task died (its error is an *[ExitError], as Send, Recv and Wait return
// it), Supervise starts another one and calls use with that, as often as r
// allows. It returns nil when use does, and otherwise the last error. The task
// is killed, if it still runs, when use returns, and when ctx is done.
func Supervise[In, Out any](ctx context.Context, f *Func[In, Out], r Restart, use func(ctx context.Context, c *Child[In, Out]) error) error {
	var deaths []time.Time
	for {
		err := once(ctx, f, use)
		var exit *ExitError
		if err == nil || !errors.As(err, &exit) || ctx.Err() != nil {
			return err
		}
		now := time.Now()
		deaths = append(deaths, now)
		for r.Within > 0 && now.Sub(deaths[0]) > r.Within {
			deaths = deaths[1:]
		}
		if len(deaths) > r.Max {
			return err
		}
		select {
		case <-time.After(r.Delay):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// once is one life of a task under Supervise.
func once[In, Out any](ctx context.Context, f *Func[In, Out], use func(ctx context.Context, c *Child[In, Out]) error) error {
	c, err := f.Spawn()
	if err != nil {
		return err
	}
	defer c.Close()
	defer c.Kill()
	stop := context.AfterFunc(ctx, func() { c.Kill() })
	defer stop()
	err = use(ctx, c)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
