/* SPDX-License-Identifier: GPL-2.0 */
/*
 * wait.pml - waiting and waking: object_wait(), select, dal_wait(), dal_wake().
 *
 * A task waits for either of two objects, as select does, or one, as acquire does
 * (it then never looks at the second); for the first to be read, or to be written. What it
 * waits for happens at any time: an object becomes ready for one of the two or dies, or a
 * signal comes for the task. Who makes an object ready wakes only those who wait for
 * that. The task spins for a moment before it sleeps, and while it spins whoever wakes
 * it only says so. Watches that select keeps are in keep.pml.
 *
 * What must hold: a task sleeps for ever only if nothing happened that it
 * waits for (else the search ends in a state in which it does: a deadlock); it
 * returns only with a reason; when it has returned nobody wakes it through what
 * it has left.
 *
 * Bounds: 2 objects, 1 waiter that waits 2 times and spins for up to 1 turn; for the first object two of
 * those who make it readable, make it writable, and kill it, for the second one who makes it
 * readable; 1 signal. Memory is sequentially consistent: what the barriers of spin()
 * and dal_wake() are for, the model does not show.
 *
 * Each BUG_ is a mistake that the model must find; the test switches them on.
 */
#define OBJECTS	2
#define WAITS	2
#define SPINS	1

#define READ	1	/* DIOS_R_* */
#define WRITE	2
#define ALL	3

byte obj_lock[OBJECTS];
byte ready[OBJECTS];		/* for what */
byte watched[OBJECTS];		/* likewise; 0: not */
byte wanted[OBJECTS] = READ;	/* by the waiter */
bool dead[OBJECTS];
bool woken, spinning, running = true, signalled;
bool waiting;			/* between the first watch and the last unwatch */

#define lock(l)		atomic { l == 0; l = 1 }
#define unlock(l)	l = 0

/* dal_wake(), with the object's lock held. */
inline wake()
{
	assert(waiting);
#ifdef BUG_SPIN_SEEN_FIRST	/* it stops spinning and sleeps in between */
	seen = spinning;
	woken = true;
#else
#ifndef BUG_WAKE_ONLY_SLEEPERS	/* one that is about to sleep is missed */
	woken = true;
#endif
	seen = spinning;
#endif
	if
	:: !seen -> running = true	/* wake_up_process() */
	:: else
	fi
}

inline object_wake_for_locked(o, rights)
{
	if
	:: watched[o] & (rights) -> wake()
	:: else
	fi
}

proctype maker(byte o; byte right)
{
	bool seen;

#ifdef BUG_WAKE_FIRST		/* it wakes, and then makes true what it woke for */
	lock(obj_lock[o]);
	object_wake_for_locked(o, right);
	unlock(obj_lock[o]);
	atomic { ready[o] = ready[o] | right }
#else
	lock(obj_lock[o]);
	ready[o] = ready[o] | right;
#ifdef BUG_WAKE_OTHER_RIGHT	/* there is room now: it tells the readers */
	object_wake_for_locked(o, ALL - right);
#else
	object_wake_for_locked(o, right);
#endif
	unlock(obj_lock[o])
#endif
}

proctype killer(byte o)
{
	bool seen;

	lock(obj_lock[o]);
	dead[o] = true;
#ifdef BUG_KILL_WAKES_READERS	/* a zombie that wakes only some */
	object_wake_for_locked(o, READ);
#else
#ifndef BUG_KILL_SILENT		/* a zombie that wakes nobody */
	object_wake_for_locked(o, ALL);
#endif
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
	:: ready[o] & wanted[o] || dead[o] -> winner = o
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
	:: _nr_pr == 2 && !running && !signalled && !(ready[0] & wanted[0] || dead[0]) &&
	   !(n == OBJECTS && (ready[1] & wanted[1] || dead[1])) -> goto done
	fi
}

inline dal_wait()
{
	/* Two processors: spin for a moment, it may be soon; or not, and then not at all. */
	if
	:: spinning = true;
		spins = 0;
		do
		:: spins < SPINS && !woken && !signalled -> spins++
		:: else -> break
		od;
#ifndef BUG_SPINS_IN_SLEEP	/* who wakes it thinks that it need not be woken */
		spinning = false
#endif
	:: skip
	fi;
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
	spinning = false;
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
		if
		:: wanted[0] = READ
		:: wanted[0] = WRITE
		fi;
		waiting = true;
		o = 0;
		do
		:: o < n ->
			lock(obj_lock[o]);
			watched[o] = wanted[o];
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
			watched[o] = 0;
			unlock(obj_lock[o]);
			o++
		:: else -> break
		od;
		waiting = false;
		assert(interrupted || ready[winner] & wanted[winner] || dead[winner]);
		/* It takes what it found; nothing else is lost. A zombie stays one. */
		if
		:: interrupted -> signalled = false
		:: !interrupted && ready[winner] & wanted[winner] ->
			lock(obj_lock[winner]);
			ready[winner] = ready[winner] & (ALL - wanted[winner]);
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
		if
		:: run maker(0, READ); run maker(0, WRITE)
		:: run maker(0, READ); run killer(0)
		:: run maker(0, WRITE); run killer(0)
		fi;
		if
		:: run maker(1, READ)
		:: skip
		fi;
		if
		:: run signal()
		:: skip
		fi
	}
}
