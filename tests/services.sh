#!/usr/bin/env bash
# Installs and starts what some tests talk to (a server, a JVM, a browser). Nothing yet: every test runs on Python alone.
set -euo pipefail
echo "services: none needed"
