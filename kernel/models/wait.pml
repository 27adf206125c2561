/* SPDX-License-Identifier: GPL-2.0 */
/*
 * wait.pml - waiting and waking: object_wait(), select, dal_wait(), dal_wake().
 *
 * A task waits for either of two objects, as select does, or one, as acquire does
 * (it then never looks at the second). What it waits for happens at any time: an
 * object becomes ready or dies, or a signal comes for the task. It spins for a
 * moment before it sleeps.
 *
 * What must hold: a task sleeps for ever only if nothing happened that it
 * waits for (else the search ends in a state in which it does: a deadlock); it
 * returns only with a reason; when it has returned nobody wakes it through what
 * it has left.
 *
 * Bounds: 2 objects, 1 waiter that waits 2 times, spins 2 times; per object one that
 * makes it ready and, for the first, one that kills it; 1 signal. Memory is
 * sequentially consistent.
 *
 * Each BUG_ is a mistake that the model must find; the test switches them on.
 */
#define OBJECTS	2
#define WAITS	2
#define SPINS	2

byte obj_lock[OBJECTS];
bool ready[OBJECTS], dead[OBJECTS], watched[OBJECTS];
bool woken, running = true, signalled;
bool waiting;			/* between the first watch and the last unwatch */

#define lock(l)		atomic { l == 0; l = 1 }
#define unlock(l)	l = 0

/* dal_wake(), with the object's lock held. */
inline wake()
{
	assert(waiting);
#ifndef BUG_WAKE_ONLY_SLEEPERS	/* one that is about to sleep is missed */
	woken = true;
#endif
	running = true			/* wake_up_process() */
}

inline object_wake_locked(o)
{
	if
	:: watched[o] -> wake()
	:: else
	fi
}

proctype maker(byte o)
{
#ifdef BUG_WAKE_FIRST		/* it wakes, and then makes true what it woke for */
	lock(obj_lock[o]);
	object_wake_locked(o);
	unlock(obj_lock[o]);
	ready[o] = true
#else
	lock(obj_lock[o]);
	ready[o] = true;
	object_wake_locked(o);
	unlock(obj_lock[o])
#endif
}

proctype killer(byte o)
{
	lock(obj_lock[o]);
	dead[o] = true;
#ifndef BUG_KILL_SILENT		/* a zombie that wakes nobody */
	object_wake_locked(o);
#endif
	unlock(obj_lock[o])
}

/* A kill or an upcall: the host's signal. */
proctype signal()
{
	signalled = true;
	running = true			/* signal_wake_up() */
}

/* object_ready(): one object, under its lock. */
inline look(o)
{
	lock(obj_lock[o]);
	if
	:: ready[o] || dead[o] -> winner = o
	:: else
	fi;
	unlock(obj_lock[o])
}

inline look_all()
{
	winner = OBJECTS;
	o = 0;
	do
	:: o < n && winner == OBJECTS -> look(o); o++
	:: else -> break
	od
}

/*
 * It sleeps until somebody lets it run. If all the others are gone and nothing
 * that it waits for is there, it sleeps for ever, and rightly.
 */
inline schedule()
{
	if
	:: running
	:: _nr_pr == 2 && !running && !signalled && !(ready[0] || dead[0]) &&
	   !(n == OBJECTS && (ready[1] || dead[1])) -> goto done
	fi
}

inline dal_wait()
{
	/* Two processors: spin for a moment, it may be soon. */
	spins = 0;
	do
	:: spins < SPINS && !woken && !signalled -> spins++
	:: else -> break
	od;
#ifdef BUG_SPIN_FORGETS		/* what it saw while it spun is not there any more */
	woken = false;
#endif
#ifdef BUG_LOOK_BEFORE_STATE	/* the wake-up between the two is lost */
	if
	:: !woken && !signalled -> running = false; schedule()
	:: else
	fi;
#else
	running = false;		/* set_current_state() */
	if
	:: woken || signalled
	:: else -> schedule()
	fi;
#endif
	running = true;
	interrupted = !woken && signalled
}

proctype waiter()
{
	byte o, n, winner, waits, spins;
	bool interrupted;

	do
	:: waits < WAITS ->
		waits++;
		interrupted = false;
		if
		:: n = 1
		:: n = OBJECTS
		fi;
		waiting = true;
		o = 0;
		do
		:: o < n ->
			lock(obj_lock[o]);
			watched[o] = true;
			unlock(obj_lock[o]);
			o++
		:: else -> break
		od;
		do
		:: true ->
#ifdef BUG_BEGIN_LATE		/* looks first, and then says that nobody has woken it */
			look_all();
			woken = false;
#else
			woken = false;	/* dal_wait_begin() */
			look_all();
#endif
			if
			:: winner < OBJECTS -> break
			:: else
			fi;
			dal_wait();
			if
			:: interrupted -> break
			:: else
			fi
		od;
#ifdef BUG_LEFT_WATCHED		/* a wake-up finds a task that does not wait */
		waiting = false;
#endif
		o = 0;
		do
		:: o < n ->
			lock(obj_lock[o]);
			watched[o] = false;
			unlock(obj_lock[o]);
			o++
		:: else -> break
		od;
		waiting = false;
		assert(interrupted || ready[winner] || dead[winner]);
		/* It takes what it found; nothing else is lost. A zombie stays one. */
		if
		:: interrupted -> signalled = false
		:: !interrupted && ready[winner] ->
			lock(obj_lock[winner]);
			ready[winner] = false;
			unlock(obj_lock[winner])
		:: else
		fi
	:: else -> break
	od;
done:
	skip
}

init {
	atomic {
		run waiter();
		run maker(0);
		if
		:: run maker(1)
		:: skip
		fi;
		if
		:: run killer(0)
		:: skip
		fi;
		if
		:: run signal()
		:: skip
		fi
	}
}
