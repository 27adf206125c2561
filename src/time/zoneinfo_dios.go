// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package time

import "syscall"

// There are no zone files but those of GOROOT, for a program that has that. One that
// wants zones anywhere imports time/tzdata, or is built with -tags timetzdata.
var platformZoneSources = []string{}

func gorootZoneSource(goroot string) (string, bool) {
	zip := goroot + "/lib/time/zoneinfo.zip"
	fd, err := open(zip)
	if err != nil {
		return "", false // a zone is unknown then, and not a file missing
	}
	closefd(fd)
	return zip, goroot != ""
}

// initLocal consults $TZ: a name in the embedded data, or else UTC.
func initLocal() {
	if tz, ok := syscall.Getenv("TZ"); ok {
		if tz != "" && tz[0] == ':' {
			tz = tz[1:]
		}
		if tz != "" && tz[0] != '/' && tz != "UTC" {
			if z, err := loadLocation(tz, platformZoneSources); err == nil {
				localLoc = *z
				return
			}
		}
	}
	localLoc.name = "UTC"
}
