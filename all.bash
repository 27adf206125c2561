#!/usr/bin/env bash
# Copyright 2026 The DIOS Authors. All rights reserved.
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file.

# Build everything, then test it.
set -e
cd "$(dirname "${BASH_SOURCE[0]}")"
./make.bash
exec ./run.bash
