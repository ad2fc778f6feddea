"""Townline's figures, measured on real servers: `make bench`."""
