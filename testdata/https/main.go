// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Https is two tasks: a server, and a client that talks to it over TLS.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"runtime/dios"
	"strings"
	"time"
)

// What the server tells: its address, then its certificate.
var server = dios.Register("server", func(ch *dios.Chan[string, string]) {
	cert, err := certificate()
	check(err)
	l, err := net.Listen("tcp", "localhost:0")
	check(err)
	check(ch.Send(l.Addr().String()))
	check(ch.Send(string(cert.Certificate[0])))
	requests := 0
	s := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests++
			body, err := io.ReadAll(r.Body)
			check(err)
			fmt.Fprintf(w, "%s %s %s %d %s", r.Method, r.URL, r.Proto, len(body), strings.ToUpper(string(body[:min(len(body), 5)])))
		}),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}},
		Protocols: new(http.Protocols),
		ErrorLog:  log.New(io.Discard, "", 0), // a client that does not trust it is no news
	}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetHTTP2(true)
	go func() {
		ch.Recv() // the client has done
		s.Shutdown(context.Background())
	}()
	if err := s.ServeTLS(l, "", ""); err != http.ErrServerClosed {
		check(err)
	}
	check(ch.Send(fmt.Sprint(requests, " requests")))
})

// certificate returns one for localhost that signs itself.
func certificate() (c tls.Certificate, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return c, err
	}
	about := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "localhost"},
		DNSNames:              []string{"localhost"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "https:", err)
		os.Exit(1)
	}
}

func main() {
	task, err := server.Spawn()
	check(err)
	addr, err := task.Recv()
	check(err)
	der, err := task.Recv()
	check(err)
	cert, err := x509.ParseCertificate([]byte(der))
	check(err)
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	_, port, err := net.SplitHostPort(addr)
	check(err)
	url := "https://localhost:" + port

	for _, http2 := range []bool{false, true} {
		client := &http.Client{Transport: &http.Transport{
			TLSClientConfig:   &tls.Config{RootCAs: roots},
			ForceAttemptHTTP2: http2,
		}}
		for _, body := range []string{"", "hello", strings.Repeat("much ", 100000)} {
			r, err := client.Post(url+"/path?q=1", "text/plain", strings.NewReader(body))
			check(err)
			answer, err := io.ReadAll(r.Body)
			check(err)
			r.Body.Close()
			fmt.Println(r.Status, string(answer))
		}
		client.CloseIdleConnections()
	}
	// Who does not know the certificate does not talk to it.
	_, err = http.Get(url)
	fmt.Println(strings.ReplaceAll(err.Error(), port, "PORT"))

	check(task.Send("done"))
	said, err := task.Recv()
	check(err)
	fmt.Println(said)
	check(task.Wait(context.Background()))
}
