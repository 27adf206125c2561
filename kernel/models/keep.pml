/* SPDX-License-Identifier: GPL-2.0 */
/*
 * keep.pml - watches that select keeps: DIOS_SELECT_KEEP, object_keep(), object_fired(), object_unkeep().
 *
 * A task waits for two references, and what it waits for stays from call to call: it adds
 * what it wants to read or to write, waits for any of what it has added, is told of one and
 * waits for that no more, does what it was told it can, or not; a call may give up; a
 * reference may be deleted. Meanwhile the objects become ready or die, at any time, also while
 * the task is in no call.
 *
 * What must hold: a task sleeps for ever only if nothing is there that it has added and was
 * not told of (else the search ends in a state in which it does: a deadlock); it is told only of what
 * is there, and of what it has added; nobody touches the watch of a reference that is gone.
 *
 * Bounds: 2 references, the first to an object that can be read and written, the second to one that can
 * be read; 1 task that makes 3 calls; 1 who makes the first readable, 1 who makes it writable or kills it, 1 who
 * makes the second readable. Spinning and signals are in wait.pml. Memory is
 * sequentially consistent.
 *
 * Each BUG_ is a mistake that the model must find; the test switches them on.
 */
#define REFS	2
#define CALLS	3

#define READ	1	/* DIOS_R_* */
#define WRITE	2
#define ALL	3

byte obj_lock[REFS], fired_lock;
byte ready[REFS];		/* for what the object is */
bool dead[REFS];
byte rights[REFS];		/* of the watch; 0: in no object's list */
bool fired[REFS];		/* in task->fired */
bool gone[REFS];		/* the reference was deleted, and its watch with it */
byte want[REFS];		/* what the program was promised to be told of */
bool woken, running = true;

#define lock(l)		atomic { l == 0; l = 1 }
#define unlock(l)	l = 0
#define there(o)	(dead[o] -> want[o] : (want[o] & ready[o]))

/* The object's lock is held. */
inline fire_locked(o)
{
	lock(fired_lock);
	assert(!gone[o]);
	fired[o] = true;
	unlock(fired_lock)
}

inline dal_wake()
{
	woken = true;
	running = true
}

inline object_wake_for_locked(o, what)
{
	if
	:: rights[o] & (what) ->
#ifdef BUG_WAKE_BEFORE_FIRE	/* it looks at the list, and finds nothing yet */
		dal_wake();
		fire_locked(o)
#else
		fire_locked(o);
		dal_wake()
#endif
	:: else
	fi
}

proctype maker(byte o; byte right)
{
	lock(obj_lock[o]);
	ready[o] = ready[o] | right;
	object_wake_for_locked(o, right);
	unlock(obj_lock[o])
}

proctype killer(byte o)
{
	lock(obj_lock[o]);
	dead[o] = true;
	object_wake_for_locked(o, ALL);
	unlock(obj_lock[o])
}

/* select adds it. */
inline object_keep(o, right)
{
	lock(obj_lock[o]);
#ifdef BUG_KEEP_REPLACES	/* what was added before is forgotten */
	rights[o] = right;
#else
	rights[o] = rights[o] | right;
#endif
	want[o] = want[o] | right;
#ifndef BUG_KEEP_SILENT		/* it was ready already, and nobody will say so */
	fire_locked(o);
#endif
	unlock(obj_lock[o])
}

/* object_ready() */
inline look(o, right)
{
	if
	:: r & right ->
		lock(obj_lock[o]);
		if
		:: !(ready[o] & right || dead[o]) -> r = r - right
		:: else
		fi;
		unlock(obj_lock[o])
	:: else
	fi
}

/* The first that fired and is ready; REFS: none. */
inline object_fired()
{
	do
	:: true ->
		lock(fired_lock);
		w = 0;
		do
		:: w < REFS && !fired[w] -> w++
		:: else -> break
		od;
		if
		:: w < REFS ->
			assert(!gone[w]);
#ifndef BUG_LOOK_BEFORE_POP	/* what happens in between is on the list, and taken from it */
			fired[w] = false
#endif
		:: else
		fi;
		unlock(fired_lock);
		if
		:: w == REFS -> break
		:: else
		fi;
		r = rights[w];
		look(w, READ);
		look(w, WRITE);
#ifdef BUG_LOOK_BEFORE_POP
		lock(fired_lock);
		fired[w] = false;
		unlock(fired_lock);
#endif
		if
		:: r != 0 ->
			lock(obj_lock[w]);
#ifdef BUG_UNKEEP_ALL		/* it was told that it can read, and waits to write no more */
			rights[w] = 0;
#else
			rights[w] = rights[w] & (ALL - r);
#endif
			unlock(obj_lock[w]);
			break
		:: else
		fi
	od
}

/* The reference is deleted. */
inline object_unkeep(o)
{
#ifdef BUG_UNKEEP_FIRED_FIRST	/* it fires again in between */
	lock(fired_lock);
	fired[o] = false;
	unlock(fired_lock);
	lock(obj_lock[o]);
	rights[o] = 0;
	unlock(obj_lock[o]);
#else
	lock(obj_lock[o]);
	rights[o] = 0;
#ifndef BUG_UNKEEP_LEAVES	/* select finds it on its list later */
	lock(fired_lock);
	fired[o] = false;
	unlock(fired_lock);
#endif
	unlock(obj_lock[o]);
#endif
	gone[o] = true;
	want[o] = 0
}

/* It sleeps until it is woken. If nothing is there, and nobody will come, it does so for ever, and rightly. */
inline dal_wait()
{
	running = false;
	if
	:: woken
	:: else ->
		if
		:: running
		:: _nr_pr == 2 && !running && !there(0) && !there(1) -> goto done
		:: _nr_pr > 2 && !running -> late = true	/* ETIMEDOUT */
		fi
	fi;
	running = true;
	if
	:: woken -> late = false
	:: else
	fi
}

proctype task()
{
	byte calls, w, r;
	bool late;

	do
	:: calls < CALLS ->
		calls++;
		if
		:: !gone[0] -> object_keep(0, READ)
		:: !gone[0] -> object_keep(0, WRITE)
		:: !gone[0] -> object_keep(0, READ); object_keep(0, WRITE)
		:: !gone[1] -> object_keep(1, READ)
		:: skip
		fi;
		late = false;
		object_fired();
		do
		:: w == REFS && !late ->
#ifdef BUG_BEGIN_LATE		/* looks first, and then says that nobody has woken it */
			object_fired();
			woken = false;
#else
			woken = false;	/* dal_wait_begin() */
			object_fired();
#endif
			if
			:: w == REFS -> dal_wait()
			:: else
			fi
		:: else -> break
		od;
		if
		:: w < REFS ->
			assert(!gone[w]);
			assert((want[w] & r) == r && (dead[w] || (ready[w] & r) == r));
			want[w] = want[w] & (ALL - r);
			if
			:: !dead[w] ->
				/* What it was told it can, it does. */
				lock(obj_lock[w]);
				ready[w] = ready[w] & (ALL - r);
				unlock(obj_lock[w])
			:: skip
			fi
		:: else
		fi;
		if
		:: !gone[0] -> object_unkeep(0)
		:: !gone[1] -> object_unkeep(1)
		:: skip
		fi
	:: else -> break
	od;
done:
	skip
}

init {
	atomic {
		run task();
		run maker(0, READ);
		run maker(1, READ);
		if
		:: run maker(0, WRITE)
		:: run killer(0)
		fi
	}
}
