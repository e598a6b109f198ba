#!/bin/sh
# A driver whose runtime is not there.
echo "cannot find module spam" >&2
exit 3
