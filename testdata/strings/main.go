// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Strings makes, cuts, joins and drops many strings, so that damage done by the
// allocator would show in what it prints.
package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

func main() {
	s := "The quick brown fox"
	s += " jumps over the lazy dog"
	fmt.Println(len(s), s)
	s = s[:4] + "very " + s[4:]
	fmt.Println(s)
	s = strings.Replace(s, "quick ", "", 1)
	fmt.Println(s)
	fmt.Println(strings.ToUpper(s), strings.Count(s, "o"), strings.LastIndex(s, "o"))
	fmt.Printf("%q\n", strings.Fields("  a  b\tc\nd "))
	fmt.Printf("%q\n", strings.SplitAfter("a,b,c", ","))
	fmt.Println(strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, "Grüße aus Łódź, 世界"))
	fmt.Println(utf8.RuneCountInString("Grüße, 世界"), utf8.ValidString("a\xffb"), []rune("世界"))
	fmt.Printf("%+q %x % X %08.3f|%-6d|%6d|%t|%v\n", "世", "abc", "abc", 3.14159, 42, 42, true, []string{"x"})

	// Build a large string in small steps, and take it apart again.
	var b strings.Builder
	for i := range 20000 {
		b.WriteString(strconv.Itoa(i))
		b.WriteByte(' ')
	}
	sum := 0
	for f := range strings.FieldsSeq(b.String()) {
		n, err := strconv.Atoi(f)
		if err != nil {
			panic(err)
		}
		sum += n
	}
	fmt.Println(b.Len(), sum)

	// Keep every seventh of many strings, drop the rest, and look at them again.
	var kept []string
	for i := range 70000 {
		t := strings.Repeat(string(rune('a'+i%26)), i%97) + strconv.Itoa(i)
		if i%7 == 0 {
			kept = append(kept, t)
		}
	}
	for i, t := range kept {
		n := i * 7
		if want := strings.Repeat(string(rune('a'+n%26)), n%97) + strconv.Itoa(n); t != want {
			fmt.Printf("string %d is %q, want %q\n", n, t, want)
		}
	}
	fmt.Println(len(kept), kept[3], kept[len(kept)-1][:5])

	// Insert and remove in the middle.
	buf := []byte("0123456789")
	for i := range 1000 {
		at := (i * 7) % len(buf)
		buf = append(buf[:at], append([]byte{byte('a' + i%26)}, buf[at:]...)...)
		if i%3 == 0 {
			buf = append(buf[:at/2], buf[at/2+1:]...)
		}
	}
	fmt.Println(len(buf), string(buf[:40]), bytes.Count(buf, []byte("a")))
	_, err := strconv.Atoi("12x")
	fmt.Println(err)
	fmt.Println(strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace("<b>x</b>"))
}
