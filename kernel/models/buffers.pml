/* SPDX-License-Identifier: GPL-2.0 */
/*
 * buffers.pml - acquire, commit, release, with a kill anywhere: sys_buf.c, buf.c, task.c.
 *
 * Two tasks have a reference each to one object. They acquire a buffer, commit and
 * release it, delete the reference, in any order that the calls allow; memory
 * may be refused at each step, and the program's address may be bad. A killer ends each
 * task at any time: a task that waits in acquire leaves with EINTR, any other
 * when its call returns. The task's memory is gone then, before its table is.
 * Another makes the object ready, or a zombie, at any time; and an interrupt of the
 * object's (its timer) looks at it until it is freed.
 *
 * What must hold: an operation never finds the object's inside, the buffer or its
 * pages freed; pages go when neither the kernel nor a mapping has them, and not
 * before; at the end nothing is lent, mapped or left.
 *
 * Bounds: 2 tasks, 4 calls each, 1 buffer at a time each; 1 object; 1 kill of
 * each task, 1 zombify. Memory is sequentially consistent.
 *
 * Each BUG_ is a mistake that the model must find; the test switches them on.
 */
#define TASKS	2
#define CALLS	4

byte holds = TASKS;
bool dead, ready, inside = true, armed = true;

bool killed[TASKS];
bool listed[TASKS];		/* the buffer is in ref->bufs */
bool buf[TASKS];		/* it exists */
bool kernel[TASKS];		/* the kernel has the pages */
bool mapped[TASKS];		/* the task has them mapped */
byte lent[TASKS];

/* Pages exist as long as somebody counts them. */
#define pages(t)	(kernel[t] || mapped[t])

inline object_put()
{
	atomic { assert(holds > 0); holds--; last = (holds == 0) };
	if
	:: last ->
#ifndef BUG_TIMER_LEFT		/* freed, and its timer still runs */
		armed = false;		/* hrtimer_cancel() */
#endif
		inside = false
	:: else
	fi
}

inline buf_free(t)
{
	assert(buf[t]);
	listed[t] = false;
	if
	:: lent[t] > 0 ->
		mapped[t] = false;	/* nothing to do when the task's memory is gone */
		assert(pages(t));
		kernel[t] = false;
		lent[t]--
	:: else
	fi;
	buf[t] = false
}

inline acquire(t)
{
	err = false;
	if
	:: dead -> err = true		/* EZOMBIE */
	:: else ->
		buf[t] = true;
		/* object_wait(): until it is ready, or dies, or the task is killed */
		if
		:: dead -> err = true
		:: ready
		:: killed[t] -> err = true
		fi;
		/* buf_lend(): each step may fail */
		if
		:: !err ->
			assert(inside);
			kernel[t] = true;
			if
			:: mapped[t] = true
			:: kernel[t] = false; err = true
			fi
		:: err
		fi;
		if
		:: !err ->
			lent[t]++;
			assert(inside && kernel[t]);	/* the type fills them */
#ifdef BUG_LISTED_EARLY		/* the error path frees it, and the list has it still */
			listed[t] = true;
#endif
			if
			:: skip
			:: err = true			/* EFAULT */
			fi
		:: err
		fi;
		if
		:: err ->
#ifdef BUG_LISTED_EARLY
			buf[t] = false
#else
#ifdef BUG_ERROR_KEEPS		/* the error path forgets what was lent */
			buf[t] = false;
			mapped[t] = false
#else
			buf_free(t)
#endif
#endif
		:: else -> listed[t] = true
		fi
	fi
}

inline commit(t)
{
	if
	:: !dead ->
		/* A zombie from here on does no harm: the reference holds it. */
		assert(inside);
		assert(buf[t] && kernel[t]);
		assert(inside)
	:: else
	fi
}

inline release(t)
{
	buf_free(t)
}

/* A reference with its buffer. */
inline ref_del(t)
{
#ifdef BUG_PUT_FIRST		/* unlend is an operation of the object, too */
	object_put();
#endif
	if
	:: listed[t] -> assert(inside); buf_free(t)
	:: else
	fi;
#ifndef BUG_PUT_FIRST
	object_put()
#endif
}

proctype task(byte t)
{
	bool last, err, has = true;
	byte n;

	do
	:: n < CALLS && has && !killed[t] ->
		n++;
		if
		:: !listed[t] -> acquire(t)
		:: listed[t] -> commit(t)
		:: listed[t] -> release(t)
		:: ref_del(t); has = false
		fi
	:: break			/* it ends, or was killed and leaves its call */
	od;
	mapped[t] = false;		/* Linux takes the memory first */
	/* dios_task_end() */
	if
	:: has ->
#ifdef BUG_END_KEEPS		/* references go, buffers do not */
		object_put()
#else
		ref_del(t)
#endif
	:: else
	fi
}

proctype killer()
{
	byte t;

	for (t : 0 .. TASKS - 1) {
		killed[t] = true
	}
}

/* A third task, with a reference of its own, that is not counted here. */
proctype other()
{
	bool last;

	if
	:: ready = true
	:: dead = true;
#ifdef BUG_KILL_FREES		/* the inside goes with the kill, whoever is in it */
		inside = false
#endif
	:: ready = true; dead = true
	fi;
	object_put()
}

proctype interrupt()
{
	do
	:: atomic { armed -> assert(inside) }
	:: !armed -> break
	od
}

init {
	atomic {
		holds++;		/* other's */
		run task(0);
		run task(1);
		run killer();
		run other();
		run interrupt()
	}
	(_nr_pr == 1) ->
	assert(holds == 0 && !inside);
	assert(!lent[0] && !lent[1] && !buf[0] && !buf[1]);
	assert(!kernel[0] && !kernel[1] && !mapped[0] && !mapped[1])
}
