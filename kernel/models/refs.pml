/* SPDX-License-Identifier: GPL-2.0 */
/*
 * refs.pml - references, holds, names and zombies: object.c, name.c, ref.c.
 *
 * One object with a name. Tasks have references to it, each with a hold; they use
 * it, copy it to the next task, kill it and delete it, in any order. Another
 * finds it by its name, has a reference then, uses and deletes it. The copy comes
 * in any phase of the target, which may have ended.
 *
 * What must hold: nobody touches the object when it is freed; it is freed once,
 * and at the end it is; no name leads to it then; the counts are back at 0.
 *
 * Bounds: 2 tasks with references, 2 moves each; 1 that looks the name up,
 * 2 times. One step of the model is one access to shared memory, or what a lock
 * or an atomic operation makes one. Memory is sequentially consistent: what the
 * real code's orderings are for, the model does not show.
 *
 * Each BUG_ is a mistake that the model must find; the test switches them on.
 */
#define TASKS	2
#define MOVES	2
#define LOOKUPS	2

byte holds = TASKS;		/* refcount_t */
bool dead, named = true, freed;
byte names_lock, obj_lock;	/* 0: free */
byte zombies, names = 1, objects = 1;

byte has[TASKS] = 1;		/* references in the table of a task */
bool ended[TASKS];
byte task_lock[TASKS];

#define lock(l)		atomic { l == 0; l = 1 }
#define unlock(l)	l = 0
#define touch()		assert(!freed)
#define free()		atomic { assert(!freed); freed = true }

inline name_del()
{
	touch();
	if
	:: !named			/* hlist_unhashed_lockless() */
	:: else ->
		lock(names_lock);
		touch();
		if
		:: named -> named = false; names--
		:: else
		fi;
		unlock(names_lock)
	fi
}

inline object_get()
{
	atomic { touch(); assert(holds > 0); holds++ }
}

inline object_put()
{
	atomic { touch(); assert(holds > 0); holds--; last = (holds == 0) };
	if
	:: last ->
#ifdef BUG_FREE_BEFORE_NAME	/* the table leads to freed memory for a while */
		free();
#endif
		name_del();
		if
		:: dead -> zombies--
		:: else
		fi;
		objects--;
#ifndef BUG_FREE_BEFORE_NAME
		free()
#endif
	:: else
	fi
}

inline object_kill()
{
	touch();
	lock(obj_lock);
#ifdef BUG_KILL_TWICE		/* each kill counts a zombie */
	first = true;
#else
	first = !dead;
#endif
	dead = true;
	unlock(obj_lock);
	if
	:: first ->
		name_del();
		zombies++;
	:: else
	fi;
	touch()				/* ops->kill() */
}

/* What the name table gives; got: the object is held. */
inline name_get()
{
	lock(names_lock);
	got = false;
	if
	:: named ->
#ifdef BUG_GET_UNLOCKED		/* found under the lock, held after it */
		unlock(names_lock);
		lock(names_lock);
#endif
		touch();
#ifdef BUG_GET_FROM_ZERO	/* an increment that does not look */
		holds++;
		got = true
#else
		if		/* refcount_inc_not_zero() */
		:: atomic { holds > 0 -> holds++ }; got = true
		:: else
		fi
#endif
	:: else
	fi;
	unlock(names_lock)
}

/* A call on the object, by a reference: it may become a zombie meanwhile. */
inline use()
{
	touch();
	if
	:: dead				/* EZOMBIE */
	:: else -> touch()
	fi
}

/* copy: a reference to the next task, which may end at any time. */
inline copy(to)
{
#ifndef BUG_COPY_WITHOUT_HOLD	/* the caller's hold may be gone before the target's end */
	object_get();
#endif
	lock(task_lock[to]);
	if
	:: ended[to] -> unlock(task_lock[to]); object_put()
	:: else ->
		has[to]++;
		unlock(task_lock[to])
	fi
}

inline ref_del(t)
{
	lock(task_lock[t]);
	has[t]--;
	unlock(task_lock[t]);
	object_put()
}

proctype task(byte t)
{
	bool last, first;
	byte n;

	do
	:: n < MOVES && has[t] > 0 ->
		n++;
		if
		:: use()
		:: object_kill()
		:: copy((t + 1) % TASKS)
		:: ref_del(t)
		fi
	:: break			/* it ends here, or was killed */
	od;
	/* dios_task_end(), ref_del_all() */
	lock(task_lock[t]);
#ifndef BUG_END_OPEN		/* a reference that comes later stays for ever */
	ended[t] = true;
#endif
	unlock(task_lock[t]);
	do
	:: has[t] > 0 -> ref_del(t)
	:: else -> break
	od
}

proctype finder()
{
	bool last, got;
	byte n;

	do
	:: n < LOOKUPS ->
		n++;
		name_get();
		if
		:: got -> use(); object_put()
		:: else
		fi
	:: n == LOOKUPS -> break
	od
}

init {
	byte i;

	atomic {
		for (i : 0 .. TASKS - 1) {
			run task(i)
		}
		run finder()
	}
	(_nr_pr == 1) ->
	assert(freed && holds == 0 && !named);
	assert(objects == 0 && zombies == 0 && names == 0)
}
