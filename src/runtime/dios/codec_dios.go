// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package dios

import (
	"encoding"
	"io"
	"reflect"
	"unsafe"
)

// How values become bytes. It is decided once for a type, from what the type is:
//
//   - without pointers in it: the bytes are the value;
//   - strings and slices of such: the bytes are the elements;
//   - with MarshalBinary and UnmarshalBinary (or AppendBinary): those;
//   - others: the codec that SetFallback was given, which is encoding/gob if the
//     program imports runtime/dios/gob.
//
// Both ends are the same program, so nothing says what the type is.

// A Fallback makes encoders and decoders for the values of one direction of a
// channel. An encoder writes each value to w, all of it before Encode returns;
// a decoder finds in r what was written for the next value. They may remember
// what went before, as encoding/gob does with the descriptions of types.
type Fallback interface {
	NewEncoder(w io.Writer) Encoder
	NewDecoder(r io.Reader) Decoder
}

// An Encoder encodes values; *gob.Encoder is one.
type Encoder interface{ Encode(v any) error }

// A Decoder decodes into what v points to; *gob.Decoder is one.
type Decoder interface{ Decode(v any) error }

var fallback Fallback

// SetFallback sets the codec for types that need one and have none of their
// own. It must be called while packages are initialized, before [Register].
func SetFallback(f Fallback) { fallback = f }

// A codec encodes and decodes the Ts of one direction of a channel.
type codec[T any] struct {
	fixed  bool // the bytes are the value
	encode func(buf []byte, v *T) ([]byte, error)
	decode func(data []byte, v *T) error // keeps nothing of data
}

// newCodec returns the codec for T, or "" and why there is none.
func newCodec[T any]() (c codec[T], problem string) {
	if a, ok := any(*new(T)).(interface{ answerCodec() (any, string) }); ok {
		made, problem := a.answerCodec()
		return made.(codec[T]), problem
	}
	t := reflect.TypeFor[T]()
	switch {
	case noPointers(t):
		c.fixed = true
		c.encode = func(buf []byte, v *T) ([]byte, error) {
			return append(buf, unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v))...), nil
		}
		c.decode = func(data []byte, v *T) error {
			if len(data) != int(unsafe.Sizeof(*v)) {
				return errLength
			}
			copy(unsafe.Slice((*byte)(unsafe.Pointer(v)), len(data)), data)
			return nil
		}
	case t.Kind() == reflect.String:
		c.encode = func(buf []byte, v *T) ([]byte, error) {
			return append(buf, *(*string)(unsafe.Pointer(v))...), nil
		}
		c.decode = func(data []byte, v *T) error {
			*(*string)(unsafe.Pointer(v)) = string(data)
			return nil
		}
	case marshals[T](t):
		c.encode = func(buf []byte, v *T) ([]byte, error) {
			if a, ok := any(*v).(encoding.BinaryAppender); ok {
				return a.AppendBinary(buf)
			}
			data, err := any(*v).(encoding.BinaryMarshaler).MarshalBinary()
			return append(buf, data...), err
		}
		c.decode = func(data []byte, v *T) error {
			if u, ok := any(v).(encoding.BinaryUnmarshaler); ok {
				return u.UnmarshalBinary(data)
			}
			p := reflect.New(t.Elem())
			reflect.ValueOf(v).Elem().Set(p)
			return p.Interface().(encoding.BinaryUnmarshaler).UnmarshalBinary(data)
		}
	case t.Kind() == reflect.Slice && noPointers(t.Elem()) && t.Elem().Size() > 0:
		size := int(t.Elem().Size())
		c.encode = func(buf []byte, v *T) ([]byte, error) {
			s := reflect.ValueOf(v).Elem()
			return append(buf, unsafe.Slice((*byte)(s.UnsafePointer()), s.Len()*size)...), nil
		}
		c.decode = func(data []byte, v *T) error {
			if len(data)%size != 0 {
				return errLength
			}
			s := reflect.MakeSlice(t, len(data)/size, len(data)/size)
			copy(unsafe.Slice((*byte)(s.UnsafePointer()), len(data)), data)
			reflect.ValueOf(v).Elem().Set(s)
			return nil
		}
	case fallback != nil:
		var out, in pipe
		enc, dec := fallback.NewEncoder(&out), fallback.NewDecoder(&in)
		c.encode = func(buf []byte, v *T) ([]byte, error) {
			out.b = buf
			err := enc.Encode(v)
			buf, out.b = out.b, nil
			return buf, err
		}
		c.decode = func(data []byte, v *T) error {
			in.b = data
			err := dec.Decode(v)
			in.b = nil
			return err
		}
	default:
		return c, "a channel cannot carry " + t.String() + ", which has pointers: " +
			"give it MarshalBinary and UnmarshalBinary, or import _ \"runtime/dios/gob\""
	}
	return c, ""
}

// noPointers reports whether a value of type t is all there is to it.
func noPointers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return t.Len() == 0 || noPointers(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !noPointers(t.Field(i).Type) {
				return false
			}
		}
		return true
	}
	return reflect.Bool <= t.Kind() && t.Kind() <= reflect.Complex128
}

// marshals reports whether values of type T, which is t, encode and decode
// themselves.
func marshals[T any](t reflect.Type) bool {
	enc := t.Implements(reflect.TypeFor[encoding.BinaryAppender]()) || t.Implements(reflect.TypeFor[encoding.BinaryMarshaler]())
	decoder := reflect.TypeFor[encoding.BinaryUnmarshaler]()
	return enc && (reflect.PointerTo(t).Implements(decoder) || t.Kind() == reflect.Pointer && t.Implements(decoder))
}

// A pipe is the bytes of one message, for a fallback.
type pipe struct{ b []byte }

func (p *pipe) Write(b []byte) (int, error) {
	p.b = append(p.b, b...)
	return len(b), nil
}

func (p *pipe) Read(b []byte) (int, error) {
	if len(p.b) == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(b, p.b)
	p.b = p.b[n:]
	return n, nil
}

// ReadByte keeps decoders from buffering, and so from reading ahead.
func (p *pipe) ReadByte() (byte, error) {
	if len(p.b) == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	c := p.b[0]
	p.b = p.b[1:]
	return c, nil
}
