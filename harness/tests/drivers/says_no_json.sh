#!/bin/sh
# A program that is no driver: it greets.
echo "Welcome to sed! $(printf '\033')[31mReady"
cat > /dev/null
