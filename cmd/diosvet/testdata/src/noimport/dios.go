// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package noimport

import (
	_ "net/http/cgi" // want `net/http/cgi cannot work on DIOS: it starts programs by their paths`
	_ "os"
	_ "os/exec"
	_ "os/user" // want `os/user cannot work on DIOS: there are no users`
	_ "runtime/dios"

	_ "log/syslog" // want `log/syslog cannot work on DIOS: there is no log daemon`
)
