// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A header is what abi/dios.h says.
type header struct {
	calls   []*call
	calling string // how a call is made: the comment above the first call
	groups  []*group
	structs []*structure

	consts map[string]*constant // by C name, calls included
}

// A group is a run of constants under one comment.
type group struct {
	text   string
	consts []*constant
}

// A constant is one #define.
type constant struct {
	name  string // without DIOS_
	lit   string // the number as it was written
	value uint64
	text  string
	line  int
}

// A call is a #define with a manual above it.
type call struct {
	constant
	summary string
	args    []arg
	paras   []string // of the manual
	errors  []string // names without DIOS_
}

type arg struct {
	name, text string
}

// A structure is a struct, laid out without implicit padding.
type structure struct {
	name   string // without dios_
	text   string
	fields []field
	size   uint64
	align  uint64
	line   int
}

type field struct {
	name   string
	ctype  string     // __u8, __u32, __u64 or struct dios_x
	sub    *structure // for struct dios_x
	n      uint64     // elements of an array, or 0
	offset uint64
	size   uint64
	text   string
	line   int
}

// kind is how constants of one prefix look in Go.
type kind struct {
	prefix string // of the C name, after DIOS_
	goName string // prefix of the Go name
	goType string // type in syscall/dios, or "" for an untyped constant
}

var kinds = []kind{
	{"BRAND_", "Brand", "Brand"},
	{"T_", "Type", "Type"},
	{"R_", "Right", "Rights"},
	{"REF_", "Ref", "Ref"},
	{"CREATE_", "Create", "CreateFlags"},
	{"LOOKUP_", "Lookup", "LookupFlags"},
	{"SELECT_", "Select", "SelectFlags"},
	{"DELETE_", "Delete", "DeleteFlags"},
	{"BUF_", "Buf", "BufFlags"},
}

var (
	defineRE  = regexp.MustCompile(`^#define\s+(\S+)(?:\s+(.*))?$`)
	bodyRE    = regexp.MustCompile(`^(\S+)\s+/\* (\S.*\S|\S) \*/$`)
	nameRE    = regexp.MustCompile(`^DIOS_[A-Z][A-Z0-9_]*$`)
	numberRE  = regexp.MustCompile(`^(0x[0-9a-fA-F]+|0|[1-9][0-9]*)$`)
	errorRE   = regexp.MustCompile(`^E[A-Z0-9]+$`)
	protoRE   = regexp.MustCompile(`^([a-z_]+)\(([a-z_, ]*)\)$`)
	manualRE  = regexp.MustCompile(`^dios_([a-z_]+) - (.+)$`)
	argRE     = regexp.MustCompile(`^([a-z_]+): (.+)$`)
	structRE  = regexp.MustCompile(`^struct dios_([a-z][a-z0-9_]*) \{$`)
	fieldRE   = regexp.MustCompile(`^\t(__u8|__u32|__u64|struct dios_[a-z0-9_]+) ([a-z][a-z0-9_]*)(?:\[([0-9]+)\])?;\s+/\* (\S.*\S|\S) \*/$`)
	assertRE  = regexp.MustCompile(`^_Static_assert\(sizeof\(struct dios_([a-z0-9_]+)\) == ([0-9]+), "dios_([a-z0-9_]+)"\);$`)
	oneLineRE = regexp.MustCompile(`^/\* (\S.*\S|\S) \*/$`)
)

// A reader is the state between two lines of the header.
type reader struct {
	file string
	h    *header

	comment []string // the last comment, waiting for what it belongs to
	prose   []string // the comment before that one
	group   *group   // constants go here
	open    *structure
	need    *structure // the structure whose size must be asserted now
	guard   string     // of #ifndef
	ended   bool       // #endif was seen
	errs    []error
}

func (p *reader) errorf(line int, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s:%d: %s", p.file, line, fmt.Sprintf(format, args...)))
}

// parse reads the text of a header. It goes on after an error, so that one run
// shows all of them.
func parse(file, text string) (*header, []error) {
	p := &reader{file: file, h: &header{consts: make(map[string]*constant)}}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		n := i + 1
		if line != strings.TrimRight(line, " \t\r") {
			p.errorf(n, "white space at the end of the line")
			continue
		}
		if p.ended && line != "" {
			p.errorf(n, "text after #endif")
			continue
		}
		if p.need != nil && !strings.HasPrefix(line, "_Static_assert") {
			p.errorf(n, "struct dios_%s has no _Static_assert of its size in the next line", p.need.name)
			p.need = nil
		}
		switch {
		case p.open != nil:
			p.structLine(n, line)
		case strings.HasPrefix(line, "/*"):
			i = p.commentLines(lines, i)
		case line == "":
			// A blank line ends a group of constants, and cuts a comment
			// loose from what follows.
			p.group = nil
			p.drop()
		case strings.HasPrefix(line, "#"):
			p.directive(n, line)
		case strings.HasPrefix(line, "struct"):
			p.structBegin(n, line)
		case strings.HasPrefix(line, "_Static_assert"):
			p.assert(n, line)
		default:
			p.errorf(n, "not understood: %q", line)
		}
	}
	last := len(lines)
	if p.open != nil {
		p.errorf(p.open.line, "struct dios_%s is not closed", p.open.name)
	} else if p.need != nil {
		p.errorf(last, "struct dios_%s has no _Static_assert of its size in the next line", p.need.name)
	} else if !p.ended {
		p.errorf(last, "no #endif")
	}
	p.finish(last)
	return p.h, p.errs
}

// drop forgets the last comment: nothing it could belong to followed.
func (p *reader) drop() {
	p.comment, p.prose = nil, nil
}

// commentLines reads the comment that begins at lines[i] and returns the index
// of its last line.
func (p *reader) commentLines(lines []string, i int) int {
	start := i + 1
	p.group = nil
	p.prose, p.comment = p.comment, nil
	if m := oneLineRE.FindStringSubmatch(lines[i]); m != nil {
		p.comment = []string{m[1]}
		return i
	}
	if lines[i] != "/*" {
		p.errorf(start, "a comment is /* text */, or a line of /* alone and lines that begin with ' *'")
		return i
	}
	for i++; i < len(lines); i++ {
		line := lines[i]
		switch {
		case line == " */":
			return i
		case line == " *":
			p.comment = append(p.comment, "")
		case strings.HasPrefix(line, " *\t"), strings.HasPrefix(line, " * "):
			p.comment = append(p.comment, strings.TrimPrefix(line[2:], " "))
		default:
			p.errorf(i+1, "a line of a comment begins with ' *'")
		}
	}
	p.errorf(start, "comment is not closed")
	return i
}

func (p *reader) directive(n int, line string) {
	switch {
	case strings.HasPrefix(line, "#ifndef "):
		if p.guard != "" {
			p.errorf(n, "a second #ifndef")
			return
		}
		p.guard = strings.TrimPrefix(line, "#ifndef ")
		p.drop()
	case p.guard != "" && line == "#define "+p.guard:
		p.drop()
	case line == "#include <linux/types.h>":
		p.drop()
	case strings.HasPrefix(line, "#include"):
		p.errorf(n, "the only include is <linux/types.h>")
	case line == "#endif /* "+p.guard+" */":
		p.ended = true
	case strings.HasPrefix(line, "#define"):
		p.define(n, line)
	default:
		p.errorf(n, "not understood: %q", line)
	}
}

func (p *reader) define(n int, line string) {
	m := defineRE.FindStringSubmatch(line)
	if m == nil {
		p.errorf(n, "not understood: %q", line)
		return
	}
	name := m[1]
	if !nameRE.MatchString(name) {
		p.errorf(n, "%q is not a name of the form DIOS_X", name)
		return
	}
	lit, _, _ := strings.Cut(m[2], "\t")
	lit, _, _ = strings.Cut(lit, " ")
	if !numberRE.MatchString(lit) {
		p.errorf(n, "%s: %q is not a number; the form is #define DIOS_X number /* text */", name, lit)
		return
	}
	value, err := strconv.ParseUint(lit, 0, 64)
	if err != nil {
		p.errorf(n, "%s: %s does not fit in 64 bits", name, lit)
		return
	}
	b := bodyRE.FindStringSubmatch(m[2])
	if b == nil {
		p.errorf(n, "%s has no /* text */, in the same line, after its number", name)
		return
	}
	if old := p.h.consts[name]; old != nil {
		p.errorf(n, "%s is already defined in line %d", name, old.line)
		return
	}
	c := constant{name: strings.TrimPrefix(name, "DIOS_"), lit: lit, value: value, text: b[2], line: n}
	if len(p.comment) > 0 {
		if m := manualRE.FindStringSubmatch(p.comment[0]); m != nil {
			p.call(c, m[1], m[2])
			return
		}
	}
	if p.group == nil {
		p.group = &group{text: joinParagraphs(p.comment)}
		p.h.groups = append(p.h.groups, p.group)
	}
	p.drop()
	p.group.consts = append(p.group.consts, &c)
	p.h.consts[name] = &c
}

// call takes the comment above a #define as the manual of a call.
func (p *reader) call(c constant, name, summary string) {
	k := &call{constant: c, summary: summary}
	manual := p.comment
	if len(p.h.calls) == 0 {
		p.h.calling = joinParagraphs(p.prose)
	}
	p.drop()
	p.group = nil
	if name != strings.ToLower(c.name) {
		p.errorf(c.line, "the manual above DIOS_%s is that of dios_%s", c.name, name)
		return
	}
	m := protoRE.FindStringSubmatch(c.text)
	if m == nil || m[1] != name {
		p.errorf(c.line, "DIOS_%s: its text must be %s(arguments)", c.name, name)
		return
	}
	var proto []string
	for a := range strings.SplitSeq(m[2], ",") {
		proto = append(proto, strings.TrimSpace(a))
	}
	if len(proto) > 6 {
		p.errorf(c.line, "DIOS_%s has %d arguments; there are six registers", c.name, len(proto))
	}

	var para []string
	flush := func() {
		if len(para) == 0 {
			return
		}
		text := strings.Join(para, " ")
		if list, ok := strings.CutPrefix(text, "Errors: "); ok {
			k.errors = append(k.errors, strings.Fields(list)...)
		} else {
			if len(k.errors) > 0 {
				p.errorf(c.line, "the manual of dios_%s goes on after its Errors", name)
			}
			k.paras = append(k.paras, text)
		}
		para = nil
	}
	inArgs := true // until the first paragraph that is none
	for _, line := range manual[1:] {
		if line == "" {
			if len(k.args) > 0 {
				inArgs = false
			}
			flush()
			continue
		}
		if a := argRE.FindStringSubmatch(line); inArgs && a != nil {
			k.args = append(k.args, arg{a[1], a[2]})
			continue
		}
		if inArgs && len(k.args) > 0 {
			// An argument's text may go on in the next line.
			last := &k.args[len(k.args)-1]
			last.text += " " + strings.TrimSpace(line)
			continue
		}
		para = append(para, strings.TrimSpace(line))
	}
	flush()

	var names []string
	for _, a := range k.args {
		names = append(names, a.name)
	}
	if !slices.Equal(names, proto) {
		p.errorf(c.line, "the manual of dios_%s explains %v, the call takes %v", name, names, proto)
	}
	if len(k.errors) == 0 {
		p.errorf(c.line, "the manual of dios_%s has no Errors", name)
	}
	p.h.calls = append(p.h.calls, k)
	p.h.consts["DIOS_"+c.name] = &k.constant
}

func (p *reader) structBegin(n int, line string) {
	m := structRE.FindStringSubmatch(line)
	if m == nil {
		p.errorf(n, "not understood: %q; the form is struct dios_x {", line)
		return
	}
	if len(p.comment) == 0 {
		p.errorf(n, "struct dios_%s has no comment above it", m[1])
	}
	p.open = &structure{name: m[1], text: joinParagraphs(p.comment), line: n, align: 1}
	p.group = nil
	p.drop()
}

func (p *reader) structLine(n int, line string) {
	s := p.open
	if line == "};" {
		p.open = nil
		if len(s.fields) == 0 {
			p.errorf(n, "struct dios_%s has no fields", s.name)
		}
		if s.size%s.align != 0 {
			p.errorf(n, "struct dios_%s ends with %d bytes of padding; make them a field", s.name, s.align-s.size%s.align)
		}
		if old := p.h.structByName(s.name); old != nil {
			p.errorf(s.line, "struct dios_%s is already defined in line %d", s.name, old.line)
			return
		}
		p.h.structs = append(p.h.structs, s)
		p.need = s
		return
	}
	m := fieldRE.FindStringSubmatch(line)
	if m == nil {
		p.errorf(n, "struct dios_%s: not a field: %q; the form is: tab, __u8 __u32 __u64 or struct dios_x, name;, /* text */", s.name, line)
		return
	}
	f := field{ctype: m[1], name: m[2], text: m[4], line: n}
	for _, old := range s.fields {
		if old.name == f.name {
			p.errorf(n, "struct dios_%s: field %s is already defined in line %d", s.name, f.name, old.line)
			return
		}
	}
	var align uint64
	switch f.ctype {
	case "__u8":
		f.size, align = 1, 1
	case "__u32":
		f.size, align = 4, 4
	case "__u64":
		f.size, align = 8, 8
	default:
		f.sub = p.h.structByName(strings.TrimPrefix(f.ctype, "struct dios_"))
		if f.sub == nil {
			p.errorf(n, "struct dios_%s: field %s: %s is not defined above", s.name, f.name, f.ctype)
			return
		}
		f.size, align = f.sub.size, f.sub.align
	}
	if m[3] != "" {
		count, err := strconv.ParseUint(m[3], 10, 32)
		if err != nil || count == 0 {
			p.errorf(n, "struct dios_%s: field %s: bad array length %s", s.name, f.name, m[3])
			return
		}
		f.n = count
		f.size *= count
	}
	if s.size%align != 0 {
		p.errorf(n, "struct dios_%s: %d bytes of padding before field %s; make them a field", s.name, align-s.size%align, f.name)
	}
	f.offset = s.size
	s.size += f.size
	s.align = max(s.align, align)
	s.fields = append(s.fields, f)
}

func (p *reader) assert(n int, line string) {
	s := p.need
	p.need = nil
	m := assertRE.FindStringSubmatch(line)
	switch {
	case m == nil:
		p.errorf(n, `not understood: %q; the form is _Static_assert(sizeof(struct dios_x) == n, "dios_x");`, line)
	case s == nil:
		p.errorf(n, "_Static_assert is not in the line after a struct")
	case m[1] != s.name || m[3] != s.name:
		p.errorf(n, "_Static_assert names dios_%s and dios_%s after struct dios_%s", m[1], m[3], s.name)
	case m[2] != strconv.FormatUint(s.size, 10):
		p.errorf(n, "struct dios_%s is %d bytes, not %s", s.name, s.size, m[2])
	}
}

// finish checks what needs the whole header.
func (p *reader) finish(last int) {
	h := p.h
	if p.guard == "" {
		p.errorf(1, "no #ifndef")
	}
	for _, k := range h.calls {
		for _, e := range k.errors {
			if !errorRE.MatchString(e) || h.consts["DIOS_"+e] == nil {
				p.errorf(k.line, "the manual of dios_%s has the error %s, which is not defined", strings.ToLower(k.name), e)
			}
		}
	}
	for i, k := range h.calls {
		if k.value != h.calls[0].value+uint64(i) {
			p.errorf(k.line, "DIOS_%s is %s; the calls are numbered one after the other", k.name, k.lit)
		}
	}
	if c := h.consts["DIOS_NCALL"]; c == nil {
		p.errorf(last, "DIOS_NCALL is not defined")
	} else if c.value != uint64(len(h.calls)) {
		p.errorf(c.line, "DIOS_NCALL is %d, and there are %d calls", c.value, len(h.calls))
	}
	for _, name := range []string{"ABI_VERSION", "OSABI", "T_MAX"} {
		if h.consts["DIOS_"+name] == nil {
			p.errorf(last, "DIOS_%s is not defined", name)
		}
	}
	for _, set := range [][]*constant{h.errors(), h.prefixed("T_"), h.prefixed("BRAND_"), h.prefixed("UP_"), h.prefixed("END_")} {
		seen := make(map[uint64]*constant)
		for _, c := range set {
			if c.name == "T_MAX" {
				continue
			}
			if old := seen[c.value]; old != nil {
				p.errorf(c.line, "DIOS_%s has the number of DIOS_%s in line %d", c.name, old.name, old.line)
			}
			seen[c.value] = c
		}
	}
	for _, c := range h.prefixed("BRAND_") {
		if !strings.HasPrefix(c.text, brandName(c)+": ") {
			p.errorf(c.line, "the text of DIOS_%s must begin with %q", c.name, brandName(c)+": ")
		}
	}
	if top := h.consts["DIOS_T_MAX"]; top != nil {
		for _, c := range h.prefixed("T_") {
			if c.value > top.value {
				p.errorf(c.line, "DIOS_%s is above DIOS_T_MAX", c.name)
			}
		}
	}
	for _, c := range h.errors() {
		if c.value == 0 || c.value > 255 {
			p.errorf(c.line, "DIOS_%s: an error is 1 to 255", c.name)
		}
	}
}

func (h *header) structByName(name string) *structure {
	for _, s := range h.structs {
		if s.name == name {
			return s
		}
	}
	return nil
}

// prefixed returns the constants whose names begin so.
func (h *header) prefixed(prefix string) []*constant {
	var list []*constant
	for _, g := range h.groups {
		for _, c := range g.consts {
			if strings.HasPrefix(c.name, prefix) {
				list = append(list, c)
			}
		}
	}
	return list
}

// errors returns the errors: their names are the only ones that begin with E
// and have no underscore.
func (h *header) errors() []*constant {
	var list []*constant
	for _, c := range h.prefixed("E") {
		if errorRE.MatchString(c.name) {
			list = append(list, c)
		}
	}
	return list
}

// types returns the types of objects, without T_MAX.
func (h *header) types() []*constant {
	return slices.DeleteFunc(h.prefixed("T_"), func(c *constant) bool { return c.name == "T_MAX" })
}

// brandName is what people call a brand: BRAND_DIOS_LIMBO is dios-limbo.
func brandName(c *constant) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(c.name, "BRAND_")), "_", "-")
}

// joinParagraphs makes one line of each paragraph.
func joinParagraphs(lines []string) string {
	var paras []string
	var cur []string
	for _, line := range append(slices.Clone(lines), "") {
		if line != "" {
			cur = append(cur, strings.TrimSpace(line))
			continue
		}
		if cur != nil {
			paras = append(paras, strings.Join(cur, " "))
		}
		cur = nil
	}
	return strings.Join(paras, "\n\n")
}
