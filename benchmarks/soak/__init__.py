"""Runs that break what they measure: nothing may be lost, whatever is killed. `make soak`."""
