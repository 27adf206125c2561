/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * format.c - formatted text.
 *
 * A conversion is read into a struct spec and put out as
 *
 *	spaces, sign or prefix, zeros, digits or text, spaces
 *
 * Lengths are counted in size_t, and what is more than INT_MAX is an error, as ISO C has it.
 */
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "dlibc.h"

struct out {
	void (*put)(void *to, const char *s, size_t n);
	void *to;
	size_t n;
};

struct spec {
	bool left, plus, space, alternate, zero;
	bool negative_precision;	/* or none */
	size_t width, precision;
};

static void put(struct out *o, const char *s, size_t n)
{
	o->n += n;
	if (n)
		o->put(o->to, s, n);
}

static void fill(struct out *o, char c, size_t n)
{
	char some[64];

	memset(some, c, n < sizeof(some) ? n : sizeof(some));
	for (; n > sizeof(some); n -= sizeof(some))
		put(o, some, sizeof(some));
	put(o, some, n);
}

static void text(struct out *o, const struct spec *s, const char *p, size_t n)
{
	size_t pad = s->width > n ? s->width - n : 0;

	if (!s->left)
		fill(o, ' ', pad);
	put(o, p, n);
	if (s->left)
		fill(o, ' ', pad);
}

static void number(struct out *o, const struct spec *s, unsigned long long n, unsigned int base, bool capitals, const char *prefix)
{
	const char *digit = capitals ? "0123456789ABCDEF" : "0123456789abcdef";
	char digits[24];
	size_t at = sizeof(digits), len, zeros, pad, prefix_len = strlen(prefix);

	for (; n; n /= base)
		digits[--at] = digit[n % base];
	len = sizeof(digits) - at;
	/* Zero has a digit, unless the precision is 0. */
	zeros = s->negative_precision ? !len : s->precision > len ? s->precision - len : 0;
	/* With # an octal number begins with 0, also when it would have no digit. */
	if (s->alternate && base == 8 && !zeros)
		zeros = 1;
	pad = prefix_len + zeros + len;
	pad = s->width > pad ? s->width - pad : 0;
	if (s->zero && !s->left && s->negative_precision) {
		zeros += pad;
		pad = 0;
	}
	if (!s->left)
		fill(o, ' ', pad);
	put(o, prefix, prefix_len);
	fill(o, '0', zeros);
	put(o, digits + at, len);
	if (s->left)
		fill(o, ' ', pad);
}

/* A width or precision; SIZE_MAX: more than INT_MAX. */
static size_t count(const char **format)
{
	size_t n = 0;

	for (; **format >= '0' && **format <= '9'; ++*format)
		if (n <= INT_MAX)
			n = n * 10 + (**format - '0');
	return n <= INT_MAX ? n : SIZE_MAX;
}

int format_to(void (*sink)(void *, const char *, size_t), void *to, const char *format, va_list args)
{
	struct out o = { sink, to, 0 };

	while (*format) {
		const char *from = format, *p;
		struct spec s = { .negative_precision = true };
		int bytes = sizeof(int), n;
		unsigned long long value;
		long long signed_value;
		char c;

		while (*format && *format != '%')
			format++;
		put(&o, from, format - from);
		if (!*format)
			break;
		from = format++;

		for (;; format++) {
			if (*format == '-')
				s.left = true;
			else if (*format == '+')
				s.plus = true;
			else if (*format == ' ')
				s.space = true;
			else if (*format == '#')
				s.alternate = true;
			else if (*format == '0')
				s.zero = true;
			else
				break;
		}
		if (*format == '*') {
			format++;
			n = va_arg(args, int);
			s.left |= n < 0;
			s.width = n < 0 ? -(size_t)n : (size_t)n;
		} else {
			s.width = count(&format);
		}
		if (*format == '.') {
			format++;
			s.negative_precision = false;
			if (*format == '*') {
				format++;
				n = va_arg(args, int);
				s.negative_precision = n < 0;
				s.precision = n < 0 ? 0 : n;
			} else {
				s.precision = count(&format);
			}
		}
		if (s.width > INT_MAX || s.precision > INT_MAX)
			return -1;

		switch (*format) {
		case 'h':
			bytes = sizeof(short);
			if (*++format == 'h') {
				format++;
				bytes = sizeof(char);
			}
			break;
		case 'l':
			bytes = sizeof(long);
			if (*++format == 'l')
				format++;
			break;
		case 'j':
		case 'z':
		case 't':
			bytes = sizeof(long);
			format++;
			break;
		}

		switch (*format++) {
		case 'd':
		case 'i':
			signed_value = bytes == sizeof(long) ? va_arg(args, long) : va_arg(args, int);
			if (bytes == sizeof(short))
				signed_value = (short)signed_value;
			if (bytes == sizeof(char))
				signed_value = (signed char)signed_value;
			value = signed_value < 0 ? -(unsigned long long)signed_value : (unsigned long long)signed_value;
			number(&o, &s, value, 10, false, signed_value < 0 ? "-" : s.plus ? "+" : s.space ? " " : "");
			break;
		case 'u':
		case 'o':
		case 'x':
		case 'X':
			value = bytes == sizeof(long) ? va_arg(args, unsigned long) : va_arg(args, unsigned int);
			if (bytes == sizeof(short))
				value = (unsigned short)value;
			if (bytes == sizeof(char))
				value = (unsigned char)value;
			c = format[-1];
			if (c == 'u')
				number(&o, &s, value, 10, false, "");
			else if (c == 'o')
				number(&o, &s, value, 8, false, "");
			else
				number(&o, &s, value, 16, c == 'X', !s.alternate || !value ? "" : c == 'X' ? "0X" : "0x");
			break;
		case 'p':
			value = (uintptr_t)va_arg(args, void *);
			if (value)
				number(&o, &s, value, 16, false, "0x");
			else
				text(&o, &s, "(nil)", 5);
			break;
		case 'c':
			c = va_arg(args, int);
			text(&o, &s, &c, 1);
			break;
		case 's':
			p = va_arg(args, const char *);
			if (!p)
				p = s.negative_precision || s.precision >= 6 ? "(null)" : "";
			text(&o, &s, p, s.negative_precision ? strlen(p) : strnlen(p, s.precision));
			break;
		case '%':
			put(&o, "%", 1);
			break;
		case 0:
			return -1;	/* the format ends in the middle of a conversion */
		default:
			put(&o, from, format - from);
		}
	}
	return o.n <= INT_MAX ? (int)o.n : -1;
}

struct memory {
	char *to;
	size_t left;	/* with the NUL */
};

static void put_memory(void *to, const char *s, size_t n)
{
	struct memory *m = to;

	if (m->left <= 1)
		return;
	if (n > m->left - 1)
		n = m->left - 1;
	memcpy(m->to, s, n);
	m->to += n;
	m->left -= n;
}

int vsnprintf(char *restrict to, size_t size, const char *restrict format, va_list args)
{
	struct memory m = { to, size };
	int n = format_to(put_memory, &m, format, args);

	if (size)
		*m.to = 0;
	return n;
}

int snprintf(char *restrict to, size_t size, const char *restrict format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(to, size, format, args);
	va_end(args);
	return n;
}
